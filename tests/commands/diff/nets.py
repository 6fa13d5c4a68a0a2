"""Two versions of small networks, and networks whose wiring breaks."""

import torch
import torch.nn.functional as F
from torch import nn


class SqueezeExcite(nn.Module):
    def __init__(self, width, hidden):
        super().__init__()
        self.reduce = nn.Conv2d(width, hidden, 1)
        self.expand = nn.Conv2d(hidden, width, 1)

    def forward(self, x):
        s = x.mean((2, 3), keepdim=True)
        return x * self.expand(F.relu(self.reduce(s))).sigmoid()


class Conv(nn.Module):
    def __init__(self, c1, c2, k=1, s=1):
        super().__init__()
        self.conv = nn.Conv2d(c1, c2, k, s, k // 2, bias=False)
        self.bn = nn.BatchNorm2d(c2)

    def forward(self, x):
        return F.silu(self.bn(self.conv(x)))


class Detector(nn.Module):
    """A sequence as YOLO's; an attention put into it moves the numbers of all behind it."""

    def __init__(self, attention=False, wide=False):
        super().__init__()
        width = 24 if wide else 16
        layers = [Conv(3, 8, 3, 2), Conv(8, width, 3, 2)]
        if attention:
            layers.append(SqueezeExcite(width, 4))
        layers += [Conv(16, 16, 3), Conv(16, 32, 3, 2)]
        self.model = nn.Sequential(*layers)
        self.head = nn.Linear(32, 5)

    def forward(self, x):
        return self.head(self.model(x).mean((2, 3)))


class Mixed(nn.Module):
    """Breaks twice: a norm and a layer that were made for the width before."""

    def __init__(self, width=16):
        super().__init__()
        self.stem = nn.Conv2d(3, width, 3, 2)
        self.norm = nn.GroupNorm(4, 16)
        self.blocks = nn.ModuleList(Block(dim=16) for _ in range(2))

    def forward(self, x):
        x = self.norm(self.stem(x)).flatten(2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        return {"tokens": x, "all": (x.mean(1), x)}


class Block(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc = nn.Sequential(nn.Linear(dim, 32), nn.ReLU(), nn.Linear(32, 16))

    def forward(self, x):
        return self.fc(x)


class Added(nn.Module):
    """Breaks in a sum: no layer's width explains it."""

    def __init__(self, width=16):
        super().__init__()
        self.one = nn.Conv2d(3, 16, 1)
        self.two = nn.Conv2d(3, width, 1)

    def forward(self, x):
        return self.one(x) + self.two(x)


class Last(nn.Module):
    """Gives back its map in channels-last order of memory, or smaller."""

    def __init__(self, last=False, step=1):
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, step, 1)
        self.last = last

    def forward(self, x):
        y = self.conv(x)
        return y.contiguous(memory_format=torch.channels_last) if self.last else y
