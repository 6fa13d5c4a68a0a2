"""A module with the faults that the sample report shows."""

import torch
from torch import nn


class Gate(nn.Module):
    """Returns the square of its gate instead of the gated input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.conv = nn.Conv2d(channels, channels, 1)
        self.sigmoid = nn.Sigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(x)
        x = self.conv(x)
        x = self.sigmoid(x)
        return x * x
