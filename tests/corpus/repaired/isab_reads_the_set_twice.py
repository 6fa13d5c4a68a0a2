"""Attention of a set through inducing points."""

import torch
from torch import nn
from torch.nn.functional import scaled_dot_product_attention


class Attend(nn.Module):
    def __init__(self, dim_q, dim_kv, dim, heads):
        super().__init__()
        self.heads, self.dim = heads, dim
        self.q, self.k = nn.Linear(dim_q, dim), nn.Linear(dim_kv, dim)
        self.v = nn.Linear(dim_kv, dim)
        self.o = nn.Linear(dim, dim)
        self.ln0, self.ln1 = nn.LayerNorm(dim), nn.LayerNorm(dim)

    def split(self, t):
        return t.unflatten(-1, (self.heads, -1)).transpose(-3, -2)

    def forward(self, x, y):
        q = self.q(x)
        a = scaled_dot_product_attention(
            self.split(q), self.split(self.k(y)), self.split(self.v(y)), scale=self.dim**-0.5
        )
        h = self.ln0(q + a.transpose(-3, -2).flatten(-2))
        return self.ln1(h + self.o(h).relu())


class InducedBlock(nn.Module):
    def __init__(self, dim_in, dim_out, num_heads, num_inds):
        super().__init__()
        self.points = nn.Parameter(torch.empty(num_inds, dim_out))
        nn.init.xavier_uniform_(self.points)
        self.gather = Attend(dim_out, dim_in, dim_out, num_heads)
        self.scatter = Attend(dim_in, dim_out, dim_out, num_heads)

    def forward(self, x):
        read = self.gather(self.points.expand(x.size(0), -1, -1), x), x
        return self.scatter(x, read[0])
