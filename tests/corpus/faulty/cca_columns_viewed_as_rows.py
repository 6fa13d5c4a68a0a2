import torch
from torch import nn


class CrissCross(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.to_q = nn.Conv2d(channels, channels // 8, 1)
        self.to_k = nn.Conv2d(channels, channels // 8, 1)
        self.to_v = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = self.to_q(x), self.to_k(x), self.to_v(x)

        def columns(t):
            return t.permute(0, 3, 1, 2).reshape(b * w, -1, h)

        def rows(t):
            return t.permute(0, 2, 1, 3).reshape(b * h, -1, w)

        down = columns(q).mT @ columns(k)
        down = down.masked_fill(torch.eye(h, dtype=torch.bool, device=x.device), -torch.inf)
        across = rows(q).mT @ rows(k)
        down = down.reshape(b, w, h, h).transpose(1, 2)
        across = across.reshape(b, h, w, w)
        attention = torch.softmax(torch.cat([down, across], -1), -1)
        down, across = attention.split([h, w], -1)
        down = down.transpose(1, 2).reshape(b * w, h, h)
        found = (columns(v) @ down.mT).reshape(b, c, h, w)
        found = found + (rows(v) @ across.reshape(b * h, w, w).mT).reshape(b, h, c, w).transpose(
            1, 2
        )
        return self.gamma * found + x
