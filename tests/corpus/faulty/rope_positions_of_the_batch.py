import torch
import torch.nn as nn


class CausalRoPE(nn.Module):
    """Bidirectional, cos and sin as registered buffers."""

    def __init__(self, dim, n_heads, max_len):
        super().__init__()
        self.n_heads = n_heads
        hd = dim // n_heads
        inv = 1.0 / 10000 ** (torch.arange(0, hd, 2) / hd)
        ang = torch.arange(max_len)[:, None] * inv[None, :]
        self.register_buffer("cos", ang.cos())
        self.register_buffer("sin", ang.sin())
        self.to_q = nn.Linear(dim, dim)
        self.to_k = nn.Linear(dim, dim)
        self.to_v = nn.Linear(dim, dim)
        self.to_out = nn.Linear(dim, dim)

    def rope(self, x):
        T = x.size(0)
        cos, sin = self.cos[:T, None, None, :], self.sin[:T, None, None, :]
        a, b = x.chunk(2, dim=-1)
        return torch.cat([a * cos - b * sin, b * cos + a * sin], dim=-1)

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = (f(x).view(B, T, self.n_heads, -1) for f in (self.to_q, self.to_k, self.to_v))
        q, k = self.rope(q), self.rope(k)
        att = torch.einsum("bthd,bshd->bhts", q, k) / q.shape[-1] ** 0.5
        out = torch.einsum("bhts,bshd->bthd", att.softmax(-1), v)
        return self.to_out(out.reshape(B, T, D))
