"""Attention over positions and tokens."""

import torch
import torch.nn.functional as F
from torch import nn


class NonLocalBlock(nn.Module):
    def __init__(self, c1, c2=None):
        super().__init__()
        inner = c1 // 2
        self.theta = nn.Conv2d(c1, inner, 1)
        self.phi = nn.Conv2d(c1, inner, 1)
        self.g = nn.Conv2d(c1, inner, 1)
        self.out = nn.Conv2d(inner, c1, 1)

    def forward(self, x):
        b, _, h, w = x.shape
        q = self.theta(x).flatten(2).transpose(1, 2)
        k = self.phi(x).flatten(2)
        v = self.g(x).flatten(2).transpose(1, 2)
        y = torch.softmax(q @ k, -1) @ v
        return x + self.out(y.transpose(1, 2).reshape(b, -1, h, w))


class MultiHeadSelfAttention(nn.Module):
    def __init__(self, dim, num_heads=4):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.num_heads, c // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v)
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


class MHSA(nn.Module):
    """Faulty: the logits grow with the width of a head."""

    def __init__(self, dim, num_heads=4):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, c = x.shape
        qkv = self.qkv(x).reshape(b, n, 3, self.num_heads, c // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        y = (q @ k.transpose(-2, -1)).softmax(-1) @ v
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


class FlavourMixer(nn.Module):
    """An attention of no paper, with an argument that nobody can guess."""

    def __init__(self, flavour):
        super().__init__()
        self.weight = nn.Parameter(flavour.new_zeros(3, 3))

    def forward(self, x):
        return torch.softmax(x @ self.weight, 1) * x
