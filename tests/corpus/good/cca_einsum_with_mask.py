import torch
import torch.nn as nn


class CrissCross(nn.Module):
    def __init__(self, channels, reduction=8):
        super().__init__()
        self.q = nn.Conv2d(channels, channels // reduction, 1)
        self.k = nn.Conv2d(channels, channels // reduction, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x):
        q, k, v = self.q(x), self.k(x), self.v(x)
        h, _w = x.shape[2:]
        col = torch.einsum("bchw,bcgw->bhwg", q, k)
        eye = torch.eye(h, dtype=torch.bool, device=x.device)[None, :, None, :]
        col = col.masked_fill(eye, float("-inf"))
        row = torch.einsum("bchw,bchv->bhwv", q, k)
        a = torch.cat((col, row), -1).softmax(-1)
        out = torch.einsum("bhwg,bcgw->bchw", a[..., :h], v) + torch.einsum(
            "bhwv,bchv->bchw", a[..., h:], v
        )
        return torch.add(x, out * self.gamma)
