"""Blocks of networks, none of which attends."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def conv(c1: int, c2: int, k: int = 1, g: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(c1, c2, k, padding=k // 2, groups=g, bias=False), nn.BatchNorm2d(c2), nn.SiLU()
    )


class BasicBlock(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


class PreActivation(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn1, self.bn2 = nn.BatchNorm2d(channels), nn.BatchNorm2d(channels)
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(F.relu(self.bn1(x)))
        return x + self.conv2(F.relu(self.bn2(y)))


class ThreeLayers(nn.Module):
    """ResNet's block of three convolutions."""

    def __init__(self, inplanes: int) -> None:
        super().__init__()
        width = inplanes // 4
        self.a, self.b = conv(inplanes, width), conv(width, width, 3)
        self.c = nn.Sequential(nn.Conv2d(width, inplanes, 1, bias=False), nn.BatchNorm2d(inplanes))

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(x + self.c(self.b(self.a(x))))


class InvertedResidual(nn.Module):
    def __init__(self, channels: int, expand: int = 3) -> None:
        super().__init__()
        wide = channels * expand
        self.net = nn.Sequential(
            conv(channels, wide),
            conv(wide, wide, 3, wide),
            nn.Conv2d(wide, channels, 1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.net(x)


class ConvNeXt(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dw = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.norm = nn.LayerNorm(dim)
        self.up, self.down = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.gamma = nn.Parameter(torch.full((dim,), 1e-6))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dw(x).permute(0, 2, 3, 1))
        y = self.gamma * self.down(F.gelu(self.up(y)))
        return x + y.permute(0, 3, 1, 2)


class DenseLayer(nn.Module):
    def __init__(self, channels: int, growth: int = 8) -> None:
        super().__init__()
        self.bn, self.conv = nn.BatchNorm2d(channels), nn.Conv2d(channels, growth, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([x, self.conv(F.relu(self.bn(x)))], 1)


class Inception(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.one, self.three = conv(channels, 4), conv(channels, 4, 3)
        self.five, self.pooled = conv(channels, 4, 5), conv(channels, 4)

    def forward(self, x: Tensor) -> Tensor:
        pooled = self.pooled(F.max_pool2d(x, 3, 1, 1))
        return torch.cat([self.one(x), self.three(x), self.five(x), pooled], 1)


class SPPF(nn.Module):
    def __init__(self, c1: int, c2: int, k: int = 5) -> None:
        super().__init__()
        half = c1 // 2
        self.cv1, self.cv2 = conv(c1, half), conv(half * 4, c2)
        self.m = nn.MaxPool2d(k, 1, k // 2)

    def forward(self, x: Tensor) -> Tensor:
        y = [self.cv1(x)]
        y.extend(self.m(y[-1]) for _ in range(3))
        return self.cv2(torch.cat(y, 1))


class C2f(nn.Module):
    def __init__(self, c1: int, c2: int, n: int = 1) -> None:
        super().__init__()
        self.c = c2 // 2
        self.cv1, self.cv2 = conv(c1, 2 * self.c), conv((2 + n) * self.c, c2)
        self.m = nn.ModuleList(conv(self.c, self.c, 3) for _ in range(n))

    def forward(self, x: Tensor) -> Tensor:
        y = list(self.cv1(x).chunk(2, 1))
        y.extend(m(y[-1]) for m in self.m)
        return self.cv2(torch.cat(y, 1))


class CrossStage(nn.Module):
    def __init__(self, c1: int, c2: int) -> None:
        super().__init__()
        half = c2 // 2
        self.cv1, self.cv2 = conv(c1, half), nn.Conv2d(c1, half, 1, bias=False)
        self.cv3, self.cv4 = nn.Conv2d(half, half, 1, bias=False), conv(2 * half, c2)
        self.m, self.bn = conv(half, half, 3), nn.BatchNorm2d(2 * half)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.cat([self.cv3(self.m(self.cv1(x))), self.cv2(x)], 1)
        return self.cv4(F.leaky_relu(self.bn(y), 0.1))


class PatchMerging(nn.Module):
    """Swin's, on maps: four neighbours side by side, a norm and a narrower width."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * dim)
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = x[..., : x.shape[2] // 2 * 2, : x.shape[3] // 2 * 2]
        parts = [x[..., i::2, j::2] for i in (0, 1) for j in (0, 1)]
        y = self.reduction(self.norm(torch.cat(parts, 1).permute(0, 2, 3, 1)))
        return y.permute(0, 3, 1, 2)


class Atrous(nn.Module):
    """DeepLab's pyramid."""

    def __init__(self, in_channels: int) -> None:
        super().__init__()
        self.branches = nn.ModuleList(
            nn.Conv2d(in_channels, 8, 3, padding=d, dilation=d) for d in (1, 2, 4)
        )
        self.pooled, self.project = nn.Conv2d(in_channels, 8, 1), nn.Conv2d(32, in_channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = [branch(x) for branch in self.branches]
        whole = self.pooled(x.mean((2, 3), keepdim=True)).expand_as(y[0])
        return self.project(F.relu(torch.cat([*y, whole], 1)))


class PyramidOfPools(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convs = nn.ModuleList(nn.Conv2d(channels, channels // 4, 1) for _ in range(3))
        self.last = nn.Conv2d(channels + 3 * (channels // 4), channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        size = x.shape[2:]
        y = [
            F.interpolate(c(F.adaptive_avg_pool2d(x, k)), size, mode="bilinear")
            for k, c in zip((1, 2, 3), self.convs, strict=True)
        ]
        return F.relu(self.last(torch.cat([x, *y], 1)))


class ShuffleUnit(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.branch = nn.Sequential(conv(half, half), conv(half, half, 3, half), conv(half, half))

    def forward(self, x: Tensor) -> Tensor:
        kept, changed = x.chunk(2, 1)
        y = torch.stack([kept, self.branch(changed)], 2)
        return y.flatten(1, 2)


class Fire(nn.Module):
    """SqueezeNet's."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(channels, channels // 4, 1)
        self.one = nn.Conv2d(channels // 4, channels // 2, 1)
        self.three = nn.Conv2d(channels // 4, channels - channels // 2, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        s = F.relu(self.squeeze(x))
        return torch.cat([F.relu(self.one(s)), F.relu(self.three(s))], 1)


class Hourglass(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = conv(channels, channels, 3), conv(channels, channels, 3)
        self.skip = conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        low = self.up(self.down(F.max_pool2d(x, 2)))
        return self.skip(x) + F.interpolate(low, x.shape[2:], mode="nearest")


class Res2(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.width = channels // 4
        self.convs = nn.ModuleList(conv(self.width, self.width, 3) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        first, *rest = x.split(self.width, 1)[:4]
        y, last = [first], torch.zeros_like(first)
        for part, one in zip(rest, self.convs, strict=True):
            last = one(part + last)
            y.append(last)
        return torch.cat(y, 1)


class Lateral(nn.Module):
    """Of a feature pyramid: two maps."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.lateral, self.smooth = nn.Conv2d(channels, channels, 1), conv(channels, channels, 3)

    def forward(self, x: Tensor, above: Tensor) -> Tensor:
        return self.smooth(self.lateral(x) + F.interpolate(above, x.shape[2:], mode="nearest"))


class WeighedFusion(nn.Module):
    """BiFPN's sum of two maps of one size."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weights, self.conv = nn.Parameter(torch.ones(2)), conv(channels, channels, 3)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        w = F.relu(self.weights)
        return self.conv((w[0] * x + w[1] * y) / (w.sum() + 1e-4))


class MixerBlock(nn.Module):
    def __init__(self, num_tokens: int, dim: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.tokens = nn.Sequential(
            nn.Linear(num_tokens, 2 * num_tokens), nn.GELU(), nn.Linear(2 * num_tokens, num_tokens)
        )
        self.channels = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.tokens(self.norm1(x).transpose(1, 2)).transpose(1, 2)
        return x + self.channels(self.norm2(x))


class ConformerConvolution(nn.Module):
    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.norm, self.wide = nn.LayerNorm(d_model), nn.Linear(d_model, 2 * d_model)
        self.dw = nn.Conv1d(d_model, d_model, 5, padding=2, groups=d_model)
        self.bn, self.last = nn.BatchNorm1d(d_model), nn.Linear(d_model, d_model)

    def forward(self, x: Tensor) -> Tensor:
        y = F.glu(self.wide(self.norm(x)), -1).transpose(1, 2)
        return x + self.last(F.silu(self.bn(self.dw(y))).transpose(1, 2))


class PatchEmbedding(nn.Module):
    def __init__(self, in_channels: int, embed_dim: int = 24) -> None:
        super().__init__()
        self.proj, self.norm = nn.Conv2d(in_channels, embed_dim, 2, 2), nn.LayerNorm(embed_dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.proj(x).flatten(2).transpose(1, 2))


class TimeModulated(nn.Module):
    """FiLM: a map scaled and shifted by a vector."""

    def __init__(self, channels: int, dim: int) -> None:
        super().__init__()
        self.conv, self.fc = (
            nn.Conv2d(channels, channels, 3, padding=1),
            nn.Linear(dim, 2 * channels),
        )

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        scale, shift = self.fc(t)[:, :, None, None].chunk(2, 1)
        return F.silu(self.conv(x) * (1 + scale) + shift)


class StarBlock(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.dw = nn.Conv2d(dim, dim, 7, padding=3, groups=dim)
        self.f1, self.f2, self.g = (
            nn.Conv2d(dim, 2 * dim, 1),
            nn.Conv2d(dim, 2 * dim, 1),
            nn.Conv2d(2 * dim, dim, 1),
        )

    def forward(self, x: Tensor) -> Tensor:
        y = self.dw(x)
        return x + self.g(F.relu6(self.f1(y)) * self.f2(y))


class Reversible(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        half = channels // 2
        self.f, self.g = conv(half, half, 3), conv(half, half, 3)

    def forward(self, x: Tensor) -> Tensor:
        a, b = x.chunk(2, 1)
        a = a + self.f(b)
        return torch.cat([a, b + self.g(a)], 1)


CALLS = {
    "Lateral": ("2x16x6x10", "2x16x3x5"),
    "MixerBlock": ("2x7x24", "num_tokens=7", "dim=24"),
    "TimeModulated": ("2x12x5x7", "2x9", "channels=12", "dim=9"),
}
"""Class -> inputs and constructor arguments, for those that nobody can guess."""
