"""A set pooled by one learned seed, whose projection is taken before it is repeated."""

import torch
import torch.nn as nn


class Readout(nn.Module):
    def __init__(self, hidden, heads):
        super().__init__()
        self.heads, self.root = heads, hidden**0.5
        self.seed = nn.Parameter(torch.randn(1, 1, hidden))
        self.q, self.k, self.v, self.f = (nn.Linear(hidden, hidden) for _ in range(4))

    def forward(self, members):
        b, n, d = members.shape
        q = self.q(self.seed)
        k = self.k(members).reshape(b, n, self.heads, -1)
        v = self.v(members).reshape(b, n, self.heads, -1)
        one = q.reshape(self.heads, -1)
        w = torch.einsum("hd,bnhd->bhn", one, k).div(self.root).softmax(-1)
        read = torch.einsum("bhn,bnhd->bhd", w, v).reshape(b, 1, d)
        z = q + read
        return z + torch.relu(self.f(z))
