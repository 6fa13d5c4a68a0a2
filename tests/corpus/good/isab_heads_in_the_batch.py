"""Induced set attention without norms, the heads folded into the batch."""

import torch
from torch import nn


def fold(t, heads):
    b, n, d = t.shape
    return t.view(b, n, heads, d // heads).permute(0, 2, 1, 3).reshape(b * heads, n, d // heads)


def unfold(t, heads):
    bh, n, d = t.shape
    return t.view(bh // heads, heads, n, d).permute(0, 2, 1, 3).reshape(bh // heads, n, heads * d)


class Mix(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        self.heads = heads
        self.proj_q, self.proj_k, self.proj_v = (nn.Linear(dim, dim) for _ in range(3))
        self.ff = nn.Sequential(nn.Linear(dim, dim), nn.ReLU())

    def forward(self, x, y):
        q = self.proj_q(x)
        a, b, c = (fold(t, self.heads) for t in (q, self.proj_k(y), self.proj_v(y)))
        w = torch.baddbmm(a.new_zeros(1), a, b.mT, beta=0, alpha=q.shape[-1] ** -0.5).softmax(2)
        z = q + unfold(w.bmm(c), self.heads)
        return z + self.ff(z)


class InducedMix(nn.Module):
    def __init__(self, dim, heads, points):
        super().__init__()
        self.induced = nn.Parameter(torch.randn(points, dim))
        self.first, self.second = Mix(dim, heads), Mix(dim, heads)

    def forward(self, x):
        points = torch.stack([self.induced] * x.shape[0])
        return self.second(x, self.first(points, x))
