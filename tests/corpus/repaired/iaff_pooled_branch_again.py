"""Iterative fusion of a skip connection with what comes up."""

import torch
from torch import nn


def branch(channels, inner, pool):
    layers = [nn.AdaptiveAvgPool2d(1)] if pool else []
    layers += [nn.Conv2d(channels, inner, 1), nn.BatchNorm2d(inner), nn.ReLU(inplace=True)]
    layers += [nn.Conv2d(inner, channels, 1), nn.BatchNorm2d(channels)]
    return nn.Sequential(*layers)


class TwoStageFusion(nn.Module):
    def __init__(self, channels=64, r=4):
        super().__init__()
        inner = channels // r
        self.local_a, self.local_b = branch(channels, inner, False), branch(channels, inner, False)
        self.pooled_a, self.pooled_b = branch(channels, inner, True), branch(channels, inner, True)

    def forward(self, x, skip):
        first = x + skip
        w = torch.sigmoid(self.local_a(first) + self.pooled_a(first))
        fused = w * x + (1 - w) * skip
        v = torch.sigmoid(self.local_b(fused) + self.pooled_b(fused))
        return v * x + (1 - v) * skip
