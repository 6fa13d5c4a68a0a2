import torch
from torch import nn


class GlobalAttention(nn.Module):
    def __init__(self, c1, c2, rate=4):
        super().__init__()
        self.mlp = nn.Sequential(
            nn.Linear(c1, c1 // rate), nn.ReLU(inplace=True), nn.Linear(c1 // rate, c1)
        )
        self.space = nn.Sequential(
            nn.Conv2d(c1, c1 // rate, 7, padding=3),
            nn.BatchNorm2d(c1 // rate),
            nn.ReLU(inplace=True),
            nn.Conv2d(c1 // rate, c2, 7, padding=3),
            nn.BatchNorm2d(c2),
        )

    def forward(self, x):
        gate = self.mlp(x.movedim(1, -1)).movedim(-1, 1)
        x = x * gate
        return x * torch.sigmoid(self.space(x))
