import torch
from torch import nn
from torch.nn import functional as F


class AdaptiveECA(nn.Module):
    def __init__(self, channels, gamma=2, b=1):
        super().__init__()
        t = int(abs((channels.bit_length() - 1 + b) / gamma))
        k = t if t % 2 else t + 1
        self.weight = nn.Parameter(torch.randn(1, 1, k) / k)

    def forward(self, x):
        z = x.mean((2, 3), keepdim=True).squeeze(-1).transpose(1, 2)
        y = F.conv1d(z, self.weight, padding="same").transpose(1, 2).unsqueeze(-1)
        return x * torch.sigmoid(y).expand(x.shape)
