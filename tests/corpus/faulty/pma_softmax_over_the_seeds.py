"""A set pooled to a few vectors by learned seeds."""

import torch
import torch.nn as nn


class SeedPooling(nn.Module):
    def __init__(self, dim, num_heads, num_seeds):
        super().__init__()
        self.heads = num_heads
        self.seeds = nn.Parameter(torch.randn(1, num_seeds, dim) * 0.1)
        self.wq = nn.Linear(dim, dim)
        self.wkv = nn.Linear(dim, dim * 2)
        self.ff = nn.Linear(dim, dim)
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)

    def forward(self, tokens):
        b, n, dim = tokens.shape
        query = self.wq(self.seeds).expand(b, -1, -1)
        key, value = self.wkv(tokens).view(b, n, 2, self.heads, -1).permute(2, 0, 3, 1, 4)
        q = query.view(b, -1, self.heads, dim // self.heads).transpose(1, 2)
        scores = q @ key.transpose(-2, -1) / dim**0.5
        weights = scores.softmax(dim=-2)
        pooled = (weights @ value).transpose(1, 2).reshape(b, -1, dim)
        hidden = self.norm1(query + pooled)
        return self.norm2(hidden + torch.relu(self.ff(hidden)))
