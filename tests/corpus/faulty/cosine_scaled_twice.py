import math

import torch
from torch import nn


class AngleAttention(nn.Module):
    def __init__(self, width, heads=4):
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width)
        self.k = nn.Linear(width, width)
        self.v = nn.Linear(width, width)
        self.back = nn.Linear(width, width)
        self.log_rate = nn.Parameter(torch.full((heads,), 2.3))

    def unit(self, t):
        t = t.unflatten(2, (self.heads, -1))
        return t / t.pow(2).sum(-1, keepdim=True).sqrt()

    def forward(self, x):
        angles = torch.einsum("bnhc,bmhc->bhnm", self.unit(self.q(x)), self.unit(self.k(x)))
        rate = self.log_rate.clamp(max=math.log(100)).exp() / (x.shape[2] // self.heads) ** 0.5
        weights = torch.softmax(rate[:, None, None] * angles, dim=3)
        values = self.v(x).unflatten(2, (self.heads, -1))
        return self.back(torch.einsum("bhnm,bmhc->bnhc", weights, values).flatten(2))
