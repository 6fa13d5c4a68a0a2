"""Two versions of small networks, and networks whose wiring breaks."""

import copy
from typing import NamedTuple

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


def lazy():
    return nn.Sequential(nn.LazyConv2d(4, 1), nn.Flatten(), nn.LazyLinear(2))


def scripted():
    return torch.jit.script(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()))


def packed():
    net = nn.Sequential(nn.Identity(), nn.Linear(8, 4))
    return torch.ao.quantization.quantize_dynamic(net)


def shared():
    one = nn.Conv2d(3, 3, 1)
    return nn.Sequential(one, nn.ReLU(), one)


def copies():
    one = nn.Conv2d(5, 5, 1)
    return nn.Sequential(copy.deepcopy(one), copy.deepcopy(one))


def gated():
    return nn.Sequential(nn.Identity(), SqueezeExcite(8, 4))


class Low(NamedTuple):
    low: torch.Tensor
    nothing: None = None


class Nested(nn.Module):
    def forward(self, x):
        return {"maps": [x, Low(x[:, :, ::2])], "total": x.sum(), "none": None, "n": 3}


class OwnNorm(nn.Module):
    """Breaks in a norm of its own that takes channels first, not by its width."""

    class Norm(nn.LayerNorm):
        def forward(self, x):
            y = F.layer_norm(x.movedim(1, -1), self.normalized_shape, self.weight, self.bias)
            return y.movedim(-1, 1) + torch.zeros(7)

    def __init__(self):
        super().__init__()
        self.norm = OwnNorm.Norm(3)

    def forward(self, x):
        return self.norm(x)


class Words(nn.Module):
    def __init__(self, wide=8):
        super().__init__()
        self.words = nn.Embedding(10, 8)
        self.head = nn.Linear(wide, 4)

    def forward(self, idx):
        return self.head(self.words(idx))
