import torch
from torch import nn
from torch.nn import functional as F


class StackedCBAM(nn.Module):
    def __init__(self, features, reduction=4):
        super().__init__()
        self.fc1 = nn.Linear(features, features // reduction)
        self.fc2 = nn.Linear(features // reduction, features)
        self.conv = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x):
        both = torch.cat([x.mean((2, 3)), x.amax((2, 3))])
        mean, peak = self.fc2(F.relu(self.fc1(both))).chunk(2)
        x = x * (mean + peak).sigmoid()[:, :, None, None]
        return x * self.conv(torch.cat([x.amax(1, True), x.mean(1, True)], 1)).sigmoid()
