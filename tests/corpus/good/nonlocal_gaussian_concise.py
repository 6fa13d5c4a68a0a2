import torch
from torch import nn


class GaussianNonLocal(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.g = nn.Conv2d(channels, channels // 2, 1)
        self.w = nn.Sequential(nn.Conv2d(channels // 2, channels, 1), nn.BatchNorm2d(channels))
        nn.init.zeros_(self.w[1].weight)

    def forward(self, x):
        t = x.flatten(2)
        weights = torch.softmax(t.mT @ t, dim=2)
        return self.w((self.g(x).flatten(2) @ weights.mT).view(x.shape[0], -1, *x.shape[2:])) + x
