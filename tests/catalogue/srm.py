"""Style-based recalibration: a channel's own mean and deviation, a norm, a sigmoid."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "srm"
VALUES = [{"C": 4}, {"C": 3, "unbiased": False}, {"C": 2, "guarded": True}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64) * 2,)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    n = p.scale
    count = x.shape[2] * x.shape[3]
    for b in range(x.shape[0]):
        for c in range(v.C):
            mu = sum(x[b, c].flatten()) / count
            total = sum((u - mu) ** 2 for u in x[b, c].flatten())
            var = total / (count - 1 if v.unbiased else count)
            sigma = (var + 1e-5 * v.guarded).sqrt()
            z = p.weight[c, 0] * mu + p.weight[c, 1] * sigma
            u = (z - n.running_mean[c]) / (n.running_var[c] + n.eps).sqrt()
            y[b, c] = x[b, c] / (1 + (-(u * n.weight[c] + n.bias[c])).exp())
    return y


class Layer(nn.Module):
    """The pair of weights as a grouped 1-D convolution, the norm on vectors."""

    def __init__(self, channel: int) -> None:
        super().__init__()
        self.cfc = nn.Conv1d(channel, channel, 2, groups=channel, bias=False)
        self.bn = nn.BatchNorm1d(channel)

    def spread(self, flat: Tensor) -> Tensor:
        return flat.std(-1)

    def styles(self, x: Tensor) -> Tensor:
        flat = x.flatten(2)
        return torch.stack((flat.mean(-1), self.spread(flat)), -1)

    def forward(self, x: Tensor) -> Tensor:
        z = self.bn(self.cfc(self.styles(x)))
        return x * z.sigmoid()[..., None]


class AsPublished(nn.Module):
    """Products and a sum, the norm on maps of one pixel."""

    def __init__(self, channel: int) -> None:
        super().__init__()
        self.cfc = nn.Parameter(torch.zeros(channel, 2))
        self.bn = nn.BatchNorm2d(channel)
        self.activation = nn.Sigmoid()

    def forward(self, x: Tensor) -> Tensor:
        b, c, _, _ = x.size()
        mean = x.view(b, c, -1).mean(dim=2, keepdim=True)
        std = x.view(b, c, -1).std(dim=2, keepdim=True)
        z = torch.sum(torch.cat((mean, std), dim=2) * self.cfc[None], dim=2)[:, :, None, None]
        return x * self.activation(self.bn(z))


class Guarded(Layer):
    """The root of a variance with a constant, as the authors have it."""

    def spread(self, flat: Tensor) -> Tensor:
        return (flat.var(-1) + 1e-5).sqrt()


class MeansTwice(Layer):
    def spread(self, flat: Tensor) -> Tensor:
        return flat.mean(-1)


class Mixed(Layer):
    def __init__(self, channel: int) -> None:
        super().__init__(channel)
        self.cfc = nn.Conv1d(channel, channel, 2, bias=False)


class NoSigmoid(Layer):
    def forward(self, x: Tensor) -> Tensor:
        return x * self.bn(self.cfc(self.styles(x)))[..., None]


STYLES = ["Layer", "AsPublished", "Guarded"]
FAULTS = {
    "MeansTwice": "depends-on",
    "Mixed": "reach",
    "NoSigmoid": "gate",
}
