"""Channel attention by frequencies of a 7×7 grid."""

import math

import torch
from torch import nn
from torch.nn import functional as F

FREQUENCIES = [(0, 0), (0, 1), (6, 0), (0, 5), (0, 2), (1, 0), (1, 2), (4, 0)]
FREQUENCIES += [(5, 0), (1, 6), (3, 0), (0, 4), (0, 6), (0, 3), (3, 5), (2, 2)]


class SpectralGate(nn.Module):
    def __init__(self, planes, size=7, reduction=8):
        super().__init__()
        self.size = size
        each = planes // len(FREQUENCIES)
        waves = [torch.outer(self.wave(u), self.wave(v)) for u, v in FREQUENCIES]
        self.register_buffer("waves", torch.stack(waves).repeat_interleave(each, 0).float())
        self.down = nn.Linear(planes, planes // reduction, bias=False)
        self.up = nn.Linear(planes // reduction, planes, bias=False)

    def wave(self, frequency):
        place = torch.arange(self.size, dtype=torch.float64)
        norm = math.sqrt((2 if frequency else 1) / self.size)
        return norm * torch.cos(math.pi * frequency * place / self.size)

    def forward(self, x):
        z = (F.adaptive_avg_pool2d(x, self.size) * self.waves).sum(dim=(-2, -1))
        gate = torch.sigmoid(self.up(F.relu(self.down(z))))
        return x * gate.unsqueeze(-1).unsqueeze(-1)
