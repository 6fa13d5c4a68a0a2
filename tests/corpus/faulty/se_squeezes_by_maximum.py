import torch
from torch import nn


class ChannelRecalibration(nn.Module):
    def __init__(self, width, ratio=4):
        super().__init__()
        self.squeeze = nn.Linear(width, width // ratio)
        self.excite = nn.Linear(width // ratio, width)

    def forward(self, x):
        z = x.amax(dim=(-2, -1))
        scale = self.excite(self.squeeze(z).clamp(min=0))
        return torch.einsum("bchw,bc->bchw", x, torch.sigmoid(scale))
