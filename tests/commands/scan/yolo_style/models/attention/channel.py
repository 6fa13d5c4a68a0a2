"""Gates over channels."""

import math

import torch
from torch import nn

from ..common import Conv  # noqa: F401


class SE(nn.Module):
    def __init__(self, c1, c2=None, r=16):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Linear(c1, max(c1 // r, 4), bias=False)
        self.fc2 = nn.Linear(max(c1 // r, 4), c1, bias=False)
        self.relu = nn.ReLU()

    def forward(self, x):
        b, c, _, _ = x.shape
        y = self.relu(self.fc1(self.pool(x).view(b, c)))
        return x * torch.sigmoid(self.fc2(y)).view(b, c, 1, 1)


class SEMax(nn.Module):
    """Squeeze-and-excitation of the largest value in place of the mean."""

    def __init__(self, c1, c2=None, r=4):
        super().__init__()
        self.fc1 = nn.Conv2d(c1, c1 // r, 1)
        self.fc2 = nn.Conv2d(c1 // r, c1, 1)

    def forward(self, x):
        s = x.amax((2, 3), keepdim=True)
        return x * self.fc2(self.fc1(s).relu()).sigmoid()


class SELayer(nn.Module):
    """Faulty: the gates compete in a softmax."""

    def __init__(self, c1, c2=None, r=4):
        super().__init__()
        self.fc = nn.Sequential(
            nn.Linear(c1, c1 // r),
            nn.ReLU(inplace=True),
            nn.Linear(c1 // r, c1),
            nn.Softmax(dim=1),
        )

    def forward(self, x):
        b, c = x.shape[:2]
        y = self.fc(x.mean((2, 3)))
        return x * y.view(b, c, 1, 1)


class ECA(nn.Module):
    def __init__(self, c1, c2=None, gamma=2, b=1):
        super().__init__()
        t = int(abs((math.log2(c1) + b) / gamma))
        k = t if t % 2 else t + 1
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.conv = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)

    def forward(self, x):
        y = self.pool(x)
        y = self.conv(y.squeeze(-1).transpose(-1, -2)).transpose(-1, -2).unsqueeze(-1)
        return x * y.sigmoid().expand_as(x)


class ECALayer(nn.Module):
    """Faulty: no sigmoid bounds the gate."""

    def __init__(self, c1, c2=None, k=3):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        y = x.mean((2, 3)).unsqueeze(1)
        y = self.conv(y).transpose(1, 2).unsqueeze(-1)
        return x * y
