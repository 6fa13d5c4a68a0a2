import torch
from torch import nn


class NeighbourGate(nn.Module):
    def __init__(self, channels, k=3):
        super().__init__()
        self.band = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)

    def forward(self, x):
        y = self.band(x.flatten(2).mean(-1).unsqueeze(1))
        y = y.squeeze(1)[:, :, None, None]
        gate = torch.sigmoid(y)
        return x * gate
