"""Self-attention on a map with fewer keys and heads that mix."""

import torch.nn as nn


class MixedHeads(nn.Module):
    def __init__(self, dim, num_heads, sr_ratio=2):
        super().__init__()
        self.num_heads, self.scale = num_heads, (dim // num_heads) ** -0.5
        self.q = nn.Linear(dim, dim)
        self.kv = nn.Linear(dim, 2 * dim)
        self.sr = nn.Conv2d(dim, dim, sr_ratio + 1, sr_ratio, sr_ratio // 2, groups=dim)
        self.sr_norm = nn.LayerNorm(dim)
        self.head_conv = nn.Conv2d(num_heads, num_heads, kernel_size=1)
        self.head_norm = nn.InstanceNorm2d(num_heads)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, c, h, w = x.shape
        tokens = x.flatten(2).transpose(1, 2)
        small = self.sr_norm(self.sr(x).flatten(2).transpose(1, 2))
        q = self.q(tokens).view(b, h * w, self.num_heads, -1).transpose(1, 2)
        k, v = self.kv(small).view(b, -1, 2, self.num_heads, c // self.num_heads).unbind(2)
        scores = q @ k.permute(0, 2, 3, 1) * self.scale
        attn = self.head_conv(scores.softmax(dim=-1))
        out = (self.head_norm(attn) @ v.transpose(1, 2)).transpose(1, 2).flatten(2)
        return self.proj(out).transpose(1, 2).reshape(b, c, h, w)
