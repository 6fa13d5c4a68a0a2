"""ParNet's block as it is often copied: no norm on the skip connection."""

import torch.nn as nn


class ParallelBlock(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.sse = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(dim, dim, 1), nn.Sigmoid())
        self.point = nn.Sequential(nn.Conv2d(dim, dim, 1), nn.BatchNorm2d(dim))
        self.wide = nn.Sequential(nn.Conv2d(dim, dim, 3, padding=1), nn.BatchNorm2d(dim))
        self.silu = nn.SiLU(inplace=True)

    def forward(self, x):
        return self.silu(self.point(x) + self.wide(x) + self.sse(x) * x)
