import torch
from torch import nn


class SpaceNonLocal(nn.Module):
    def __init__(self, channels):
        super().__init__()
        inner = channels // 2
        self.g = nn.Conv2d(channels, inner, 1)
        self.theta = nn.Conv2d(channels, inner, 1)
        self.phi = nn.Conv2d(channels, inner, 1)
        self.w = nn.Conv2d(inner, channels, 1)
        self.norm = nn.BatchNorm2d(channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x):
        q, k, v = (p(x).flatten(2) for p in (self.theta, self.phi, self.g))
        pairs = torch.einsum("bcn,bcm->bnm", q, k)
        y = torch.einsum("bnm,bcm->bcn", pairs.softmax(-1), v)
        y = y.unflatten(2, x.shape[2:])
        return x + self.norm(self.w(y))
