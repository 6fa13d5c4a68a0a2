import torch
from torch import nn


class PositionAttention(nn.Module):
    def __init__(self, in_dim):
        super().__init__()
        self.b = nn.Conv2d(in_dim, in_dim // 8, 1)
        self.c = nn.Conv2d(in_dim, in_dim // 8, 1)
        self.d = nn.Conv2d(in_dim, in_dim, 1)
        self.alpha = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        q = self.b(x).flatten(2).transpose(1, 2)
        k = self.c(x).flatten(2)
        energy = q.bmm(k)
        attention = energy.softmax(dim=1)
        out = self.d(x).flatten(2).bmm(attention.transpose(1, 2))
        return self.alpha * out.view_as(x) + x
