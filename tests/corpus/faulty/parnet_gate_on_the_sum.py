"""A block of two convolutions with a gated skip connection."""

import torch.nn as nn


class SkipGate(nn.Module):
    def __init__(self, ch):
        super().__init__()
        self.conv3, self.bn3 = nn.Conv2d(ch, ch, 3, padding=1, bias=False), nn.BatchNorm2d(ch)
        self.conv1, self.bn1 = nn.Conv2d(ch, ch, 1, bias=False), nn.BatchNorm2d(ch)
        self.bn0 = nn.BatchNorm2d(ch)
        self.fc = nn.Linear(ch, ch)

    def forward(self, x):
        skip = self.bn0(x)
        gate = self.fc(skip.mean(dim=[2, 3])).sigmoid()[..., None, None]
        dense = self.bn3(self.conv3(x)) + self.bn1(self.conv1(x))
        out = gate * (dense + skip)
        return nn.functional.silu(out)
