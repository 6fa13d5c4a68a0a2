"""Channel attention of CBAM: one perceptron for means and maxima."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "cbam-channel"
VALUES = [{"C": 5, "r": 2}, {"C": 4, "r": 2, "squeeze_bias": False, "excite_bias": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def perceptron(p, v, z: list[Tensor]) -> list[Tensor]:
    hidden = []
    for i in range(v.h):
        a = sum(p.squeeze.weight[i, e] * z[e] for e in range(v.C))
        a = a + (p.squeeze.bias[i] if v.squeeze_bias else 0)
        hidden.append(a.clamp(min=0))
    out = []
    for c in range(v.C):
        u = sum(p.excite.weight[c, i] * hidden[i] for i in range(v.h))
        out.append(u + (p.excite.bias[c] if v.excite_bias else 0))
    return out


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        mean = perceptron(p, v, [x[b, c].mean() for c in range(v.C)])
        most = perceptron(p, v, [x[b, c].max() for c in range(v.C)])
        for c in range(v.C):
            y[b, c] = x[b, c] / (1 + (-mean[c] - most[c]).exp())
    return y


class ByConvolution(nn.Module):
    """1×1 convolutions on both pooled maps."""

    def __init__(self, in_planes: int, ratio: int = 4) -> None:
        super().__init__()
        self.avg_pool = nn.AdaptiveAvgPool2d(1)
        self.max_pool = nn.AdaptiveMaxPool2d(1)
        self.fc1 = nn.Conv2d(in_planes, in_planes // ratio, 1, bias=False)
        self.fc2 = nn.Conv2d(in_planes // ratio, in_planes, 1, bias=False)

    def logits(self, z: Tensor) -> Tensor:
        return self.fc2(self.fc1(z).relu())

    def forward(self, x: Tensor) -> Tensor:
        u = self.logits(self.avg_pool(x)) + self.logits(self.max_pool(x))
        return x * torch.sigmoid(u)


class MeanTwice(ByConvolution):
    def forward(self, x: Tensor) -> Tensor:
        u = self.logits(self.avg_pool(x)) + self.logits(self.avg_pool(x))
        return x * torch.sigmoid(u)


class SigmoidOfEach(ByConvolution):
    def forward(self, x: Tensor) -> Tensor:
        mean, most = self.logits(self.avg_pool(x)), self.logits(self.max_pool(x))
        return x * (mean.sigmoid() + most.sigmoid())


STYLES = ["ByConvolution"]
FAULTS = {"MeanTwice": "depends-on", "SigmoidOfEach": "gate"}
