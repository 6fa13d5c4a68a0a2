"""Gated channel transformation: channels measured against each other."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "gct"
VALUES = [{"C": 5}, {"C": 4, "norm": "l1"}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        sizes = []
        for c in range(v.C):
            if v.norm == "l2":
                s = (sum(e * e for e in x[b, c].flatten()) + v.eps) ** 0.5
            else:
                s = sum(abs(e) for e in x[b, c].flatten())
            sizes.append(p.alpha[c] * s)
        if v.norm == "l2":
            whole = (sum(s * s for s in sizes) / v.C + v.eps) ** 0.5
        else:
            whole = sum(abs(s) for s in sizes) / v.C + v.eps
        for c in range(v.C):
            u = p.gamma[c] * sizes[c] / whole + p.beta[c]
            y[b, c] = x[b, c] * (1 + u.tanh())
    return y


class FourAxes(nn.Module):
    """Parameters of four axes, the norm of the whole folded into gamma."""

    def __init__(self, num_channels: int, epsilon: float = 1e-5) -> None:
        super().__init__()
        self.alpha = nn.Parameter(torch.ones(1, num_channels, 1, 1))
        self.gamma = nn.Parameter(torch.zeros(1, num_channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, num_channels, 1, 1))
        self.epsilon = epsilon

    def embedded(self, x: Tensor) -> Tensor:
        return (x.pow(2).sum((2, 3), keepdim=True) + self.epsilon).sqrt() * self.alpha

    def forward(self, x: Tensor) -> Tensor:
        s = self.embedded(x)
        factor = self.gamma * torch.rsqrt(s.pow(2).mean(dim=1, keepdim=True) + self.epsilon)
        return x * (1.0 + torch.tanh(s * factor + self.beta))


class NoOne(FourAxes):
    def forward(self, x: Tensor) -> Tensor:
        s = self.embedded(x)
        factor = self.gamma * torch.rsqrt(s.pow(2).mean(dim=1, keepdim=True) + self.epsilon)
        return x * torch.tanh(s * factor + self.beta)


class NormOverTheBatch(FourAxes):
    def forward(self, x: Tensor) -> Tensor:
        s = self.embedded(x)
        factor = self.gamma * torch.rsqrt(s.pow(2).mean(dim=0, keepdim=True) + self.epsilon)
        return x * (1.0 + torch.tanh(s * factor + self.beta))


class NotNormed(FourAxes):
    def forward(self, x: Tensor) -> Tensor:
        return x * (1.0 + torch.tanh(self.embedded(x) * self.gamma + self.beta))


class NormOfTheSum(FourAxes):
    """A sum over the channels where the paper has their mean."""

    def forward(self, x: Tensor) -> Tensor:
        s = self.embedded(x)
        factor = self.gamma * torch.rsqrt(s.pow(2).sum(dim=1, keepdim=True) + self.epsilon)
        return x * (1.0 + torch.tanh(s * factor + self.beta))


STYLES = ["FourAxes"]
FAULTS = {
    "NoOne": "identity-at-init",
    "NormOverTheBatch": "batch-independence",
    "NotNormed": "scale-invariance",
    "NormOfTheSum": "equivalence",
}
