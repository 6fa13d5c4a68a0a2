import torch
from torch import nn
from torch.nn import functional as F


class TwoGates(nn.Module):
    def __init__(self, c, r=4, k=7):
        super().__init__()
        self.down = nn.Conv2d(c, c // r, 1)
        self.up = nn.Conv2d(c // r, c, 1)
        self.conv = nn.Conv2d(2, 1, k, padding=k // 2, bias=False)
        self.norm = nn.BatchNorm2d(1)

    def channel(self, z):
        return self.up(F.relu(self.down(z)))

    def forward(self, x):
        mean = F.adaptive_avg_pool2d(x, 1)
        peak = F.adaptive_max_pool2d(x, 1)
        y = x * torch.sigmoid(self.channel(mean) + self.channel(peak))
        pair = torch.stack([y.max(1).values, y.mean(1)], 1)
        return y * self.norm(self.conv(pair)).sigmoid()
