"""Frequency channel attention by one matrix of all 7×7 cosines, the lowest eight of them."""

import math

import torch
from torch import nn
from torch.nn import functional as F

LOWEST = [(0, 0), (0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (2, 1), (1, 2)]


class LowFrequencies(nn.Module):
    def __init__(self, channels, reduction=4):
        super().__init__()
        place = (torch.arange(7) + 0.5) * math.pi / 7
        rows = torch.stack([torch.cos(u * place) for u, _ in LOWEST])
        columns = torch.stack([torch.cos(v * place) for _, v in LOWEST])
        self.register_buffer("basis", (rows[:, :, None] * columns[:, None, :]).flatten(1))
        self.fc1 = nn.Conv2d(channels, channels // reduction, 1)
        self.fc2 = nn.Conv2d(channels // reduction, channels, 1)

    def forward(self, x):
        b, c = x.shape[:2]
        grid = F.adaptive_avg_pool2d(x, 7).reshape(b, len(LOWEST), c // len(LOWEST), 49)
        z = torch.einsum("bgcp,gp->bgc", grid, self.basis).reshape(b, c, 1, 1)
        return x * self.fc2(F.relu(self.fc1(z))).sigmoid()
