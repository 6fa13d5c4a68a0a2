"""Channel gate first, then a gate of depthwise strips."""

import torch
from torch import nn


class Strip(nn.Sequential):
    def __init__(self, dim, k):
        across = nn.Conv2d(dim, dim, (1, k), padding=(0, k // 2), groups=dim)
        along = nn.Conv2d(dim, dim, (k, 1), padding=(k // 2, 0), groups=dim)
        super().__init__(across, along)


class ChannelThenStrips(nn.Module):
    def __init__(self, dim, reduction=4):
        super().__init__()
        self.inlet, self.mix, self.outlet = (nn.Conv2d(dim, dim, 1) for _ in range(3))
        self.fc1 = nn.Conv2d(dim, dim // reduction, 1)
        self.fc2 = nn.Conv2d(dim // reduction, dim, 1)
        self.local = nn.Conv2d(dim, dim, 5, padding=2, groups=dim)
        self.strips = nn.ModuleList(Strip(dim, k) for k in (7, 11, 21))
        self.act = nn.GELU()

    def gate(self, z):
        return torch.sigmoid(self.fc2(torch.relu(self.fc1(z))))

    def forward(self, x):
        x = self.act(self.inlet(x))
        gate = self.gate(x.mean((2, 3), True)) + self.gate(x.amax((2, 3), True))
        gated = gate * x
        near = self.local(x)
        places = self.mix(near + sum(strip(near) for strip in self.strips))
        return self.outlet(places * gated)
