"""NAM: a BatchNorm whose own scales weigh the channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "nam"
VALUES = [{"C": 5}, {"C": 3}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    s = p.scale
    total = sum(abs(float(g)) for g in s.weight)
    for c in range(v.C):
        n = (x[:, c] - s.running_mean[c]) / (s.running_var[c] + s.eps) ** 0.5
        n = n * s.weight[c] + s.bias[c]
        y[:, c] = x[:, c] / (1 + (-n * abs(float(s.weight[c])) / total).exp())
    return y


class Permuted(nn.Module):
    """Channels last for the product, as a layer of lists would."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(channels)

    def weights(self) -> Tensor:
        gamma = torch.abs(self.bn.weight)
        return gamma.div(gamma.sum())

    def forward(self, x: Tensor) -> Tensor:
        n = self.bn(x).permute(0, 2, 3, 1) * self.weights()
        return torch.sigmoid(n.permute(0, 3, 1, 2)) * x


class NotNormalised(Permuted):
    def weights(self) -> Tensor:
        return torch.abs(self.bn.weight)


class GateOfItself(Permuted):
    def forward(self, x: Tensor) -> Tensor:
        n = self.bn(x)
        return torch.sigmoid(n * self.weights()[:, None, None]) * n


class Detached(Permuted):
    def weights(self) -> Tensor:
        gamma = self.bn.weight.data.abs()
        return gamma / gamma.sum()


class SignsKept(Permuted):
    """Equal for as long as every scale is positive, as it is when training begins."""

    def weights(self) -> Tensor:
        return self.bn.weight / self.bn.weight.sum()


STYLES = ["Permuted"]
FAULTS = {
    "NotNormalised": "equivalence",
    "GateOfItself": "gate",
    "Detached": "equivalence",
    "SignsKept": "equivalence",
}
