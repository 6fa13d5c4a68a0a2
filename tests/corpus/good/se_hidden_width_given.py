import torch
from torch import nn
from torch.nn import functional as F


class Excitation(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.w1 = nn.Parameter(torch.randn(hidden, dim) / dim**0.5)
        self.w2 = nn.Parameter(torch.randn(hidden, dim) / hidden**0.5)

    def forward(self, x):
        hidden = F.linear(x.mean((2, 3)), self.w1).relu()
        return x * (hidden @ self.w2).sigmoid().unflatten(1, (-1, 1, 1))
