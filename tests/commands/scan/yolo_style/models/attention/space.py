"""Gates over channels and positions."""

import torch
from torch import nn


class ChannelAttention(nn.Module):
    def __init__(self, c1, ratio=8):
        super().__init__()
        self.fc = nn.Sequential(
            nn.Conv2d(c1, c1 // ratio, 1, bias=False),
            nn.ReLU(),
            nn.Conv2d(c1 // ratio, c1, 1, bias=False),
        )

    def forward(self, x):
        avg = self.fc(x.mean((2, 3), keepdim=True))
        top = self.fc(x.amax((2, 3), keepdim=True))
        return torch.sigmoid(avg + top)


class SpatialAttention(nn.Module):
    def __init__(self, kernel_size=7):
        super().__init__()
        self.cv1 = nn.Conv2d(2, 1, kernel_size, padding=kernel_size // 2, bias=False)

    def forward(self, x):
        stats = torch.cat((x.mean(1, keepdim=True), x.amax(1, keepdim=True)), 1)
        return torch.sigmoid(self.cv1(stats))


class CBAM(nn.Module):
    def __init__(self, c1, c2=None, ratio=8, kernel_size=7):
        super().__init__()
        self.channel_attention = ChannelAttention(c1, ratio)
        self.spatial_attention = SpatialAttention(kernel_size)

    def forward(self, x):
        x = self.channel_attention(x) * x
        return self.spatial_attention(x) * x


class CBAMBlock(nn.Module):
    """Faulty: space is weighed by the input, not by what the channel gate made of it."""

    def __init__(self, c1, c2=None, ratio=8, kernel_size=7):
        super().__init__()
        self.ca = ChannelAttention(c1, ratio)
        self.sa = SpatialAttention(kernel_size)

    def forward(self, x):
        return self.ca(x) * x * self.sa(x)


class SimAM(nn.Module):
    def __init__(self, c1=None, c2=None, e_lambda=1e-4):
        super().__init__()
        self.e_lambda = e_lambda

    def forward(self, x):
        n = x.shape[2] * x.shape[3] - 1
        d = (x - x.mean((2, 3), keepdim=True)).pow(2)
        y = d / (4 * (d.sum((2, 3), keepdim=True) / n + self.e_lambda)) + 0.5
        return x * torch.sigmoid(y)


class SimAMChannel(nn.Module):
    """Not SimAM's statistics: over channels, where the paper has them over positions."""

    def __init__(self, c1=None, c2=None, e_lambda=1e-4):
        super().__init__()
        self.e_lambda = e_lambda

    def forward(self, x):
        n = x.shape[1] - 1
        d = (x - x.mean(1, keepdim=True)).pow(2)
        y = d / (4 * (d.sum(1, keepdim=True) / n + self.e_lambda)) + 0.5
        return x * torch.sigmoid(y)


class CoordAtt(nn.Module):
    def __init__(self, c1, c2=None, reduction=8):
        super().__init__()
        mip = max(8, c1 // reduction)
        self.conv1 = nn.Conv2d(c1, mip, 1)
        self.bn1 = nn.BatchNorm2d(mip)
        self.act = nn.Hardswish()
        self.conv_h = nn.Conv2d(mip, c1, 1)
        self.conv_w = nn.Conv2d(mip, c1, 1)

    def forward(self, x):
        h, w = x.shape[2:]
        xh = x.mean(3, keepdim=True)
        xw = x.mean(2, keepdim=True).transpose(2, 3)
        y = self.act(self.bn1(self.conv1(torch.cat((xh, xw), 2))))
        yh, yw = y.split((h, w), 2)
        return x * self.conv_h(yh).sigmoid() * self.conv_w(yw.transpose(2, 3)).sigmoid()
