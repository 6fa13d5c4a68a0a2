"""The mechanisms again, correct and in other styles than the references."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class SqueezeByView(nn.Module):
    """Convolutions on 1×1 maps, flattened by view."""

    def __init__(self, in_channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.gate = nn.Sequential(
            nn.Conv2d(in_channels, in_channels // reduction, 1, bias=False),
            nn.ReLU(inplace=True),
            nn.Conv2d(in_channels // reduction, in_channels, 1, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.gate(self.pool(x)).expand_as(x) * x


class NeighbourChannels(nn.Module):
    """ECA by unfolding the padded vector of means."""

    def __init__(self, channels: int, k_size: int = 3) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(1, 1, k_size) / k_size)

    def forward(self, x: Tensor) -> Tensor:
        k = self.weight.numel()
        z = F.pad(torch.einsum("bchw->bc", x) / x[0, 0].numel(), (k // 2, k // 2))
        s = z.unfold(1, k, 1) @ self.weight.flatten()
        return torch.einsum("bchw,bc->bchw", x, s.sigmoid())


class ChannelThenSpace(nn.Module):
    """CBAM with one perceptron on stacked statistics and Linear layers."""

    def __init__(self, gate_channels: int, reduction_ratio: int = 4, kernel_size: int = 7) -> None:
        super().__init__()
        hidden = gate_channels // reduction_ratio
        self.mlp = nn.Sequential(
            nn.Linear(gate_channels, hidden), nn.ReLU(), nn.Linear(hidden, gate_channels)
        )
        self.conv = nn.Conv2d(2, 1, kernel_size, padding="same", bias=False)
        self.bn = nn.BatchNorm2d(1)

    def forward(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        both = torch.stack([flat.mean(2), flat.amax(2)])
        x = x * self.mlp(both).sum(0).sigmoid()[..., None, None]
        stats = torch.stack([x.amax(1), x.mean(1)], 1)
        return x * self.bn(self.conv(stats)).sigmoid()


class EnergyByVariance(nn.Module):
    """SimAM by torch.var on flattened maps."""

    def __init__(self, channels: int | None = None, e_lambda: float = 1e-4) -> None:
        super().__init__()
        self.e_lambda = e_lambda

    def forward(self, x: Tensor) -> Tensor:
        t = x.flatten(2)
        var, mean = torch.var_mean(t, dim=2, keepdim=True)
        gate = ((t - mean).square() / (4 * (var + self.e_lambda)) + 0.5).sigmoid()
        return (t * gate).view_as(x)


class GlobalByConvolution(nn.Module):
    """GAM with 1×1 convolutions where the paper permutes."""

    def __init__(self, in_channels: int, out_channels: int, rate: int = 4) -> None:
        super().__init__()
        hidden = in_channels // rate
        self.channel = nn.Sequential(
            nn.Conv2d(in_channels, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, in_channels, 1)
        )
        self.spatial = nn.Sequential(
            nn.Conv2d(in_channels, hidden, 7, padding=3),
            nn.BatchNorm2d(hidden),
            nn.ReLU(),
            nn.Conv2d(hidden, out_channels, 7, padding=3),
            nn.BatchNorm2d(out_channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.channel(x).sigmoid().mul(x)
        return x * torch.sigmoid(self.spatial(x))


class CrissCrossByEinsum(nn.Module):
    """Criss-cross attention with einsum and a mask over the column."""

    def __init__(self, in_dim: int) -> None:
        super().__init__()
        self.inner = in_dim // 8
        self.qkv = nn.Conv2d(in_dim, 2 * self.inner + in_dim, 1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[-2:]
        q, k, v = self.qkv(x).split([self.inner, self.inner, x.shape[1]], 1)
        column = torch.einsum("bchw,bcgw->bhwg", q, k)
        own = torch.eye(height, dtype=torch.bool, device=x.device)[None, :, None, :]
        column = column.masked_fill(own, float("-inf"))
        row = torch.einsum("bchw,bchv->bhwv", q, k)
        up, across = torch.cat([column, row], -1).softmax(-1).split([height, width], -1)
        found = torch.einsum("bhwg,bcgw->bchw", up, v) + torch.einsum("bhwv,bchv->bchw", across, v)
        return torch.addcmul(x, self.gamma, found)


class CrissCrossTwice(CrissCrossByEinsum):
    """Two passes by recursion."""

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(2):
            x = super().forward(x)
        return x


class NonLocalByAttention(nn.Module):
    """The embedded Gaussian through torch's attention function."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        inner = in_channels // 2
        self.theta, self.phi, self.g = (nn.Linear(in_channels, inner) for _ in range(3))
        self.out = nn.Conv2d(inner, in_channels, 1)
        self.norm = nn.BatchNorm2d(in_channels)
        nn.init.zeros_(self.norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        t = x.flatten(2).mT
        y = F.scaled_dot_product_attention(self.theta(t), self.phi(t), self.g(t), scale=1.0)
        return x + self.norm(self.out(y.mT.unflatten(2, x.shape[2:])))


class NonLocalSubsampled(nn.Module):
    """The authors' subsampling: keys and values are maxima of 2×2 blocks."""

    def __init__(self, in_channels: int, sub_sample: bool = True) -> None:
        super().__init__()
        inner = in_channels // 2
        self.theta = nn.Conv2d(in_channels, inner, 1)
        pool = nn.MaxPool2d(2) if sub_sample else nn.Identity()
        self.phi = nn.Sequential(nn.Conv2d(in_channels, inner, 1), pool)
        self.g = nn.Sequential(nn.Conv2d(in_channels, inner, 1), pool)
        self.out = nn.Conv2d(inner, in_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (f(x).flatten(2) for f in (self.theta, self.phi, self.g))
        y = v @ (q.mT @ k).softmax(-1).mT
        return x + self.out(y.unflatten(2, x.shape[2:]))


class BottleneckWithGate(nn.Module):
    """A YOLOv5 bottleneck around a gate on channels and one on positions."""

    def __init__(self, c1: int) -> None:
        super().__init__()
        self.cv1 = nn.Sequential(
            nn.Conv2d(c1, c1 // 2, 1, bias=False), nn.BatchNorm2d(c1 // 2), nn.SiLU()
        )
        self.cv2 = nn.Sequential(
            nn.Conv2d(c1 // 2, c1, 3, padding=1, bias=False), nn.BatchNorm2d(c1), nn.SiLU()
        )
        self.attention = ChannelThenSpace(c1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.attention(self.cv2(self.cv1(x)))
