"""Class-specific residual attention: the mean of a class's map plus a share of its peak."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "csra"
VALUES = [
    {"C": 3, "C2": 4},
    {"C": 3, "C2": 2, "peak": "softmax", "T": 2.0, "normed": True},
    {"C": 3, "C2": 2, "la": 0.5},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 2, 3, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros(x.shape[0], v.C2, dtype=x.dtype)
    for b in range(x.shape[0]):
        for c in range(v.C2):
            w = p.fc.weight[c]
            if v.normed:
                w = w / (w * w).sum().sqrt()
            s = torch.stack([w @ x[b, :, i, j] for i in range(2) for j in range(3)])
            e = (v.T * s).exp()
            peak = max(s) if v.peak == "max" else sum(e[i] / sum(e) * s[i] for i in range(6))
            y[b, c] = sum(s) / 6 + v.la * peak
    return y


class OnTokens(nn.Module):
    """A Linear on flattened positions."""

    def __init__(self, channel: int, num_class: int, lam: float = 0.3) -> None:
        super().__init__()
        self.lam = lam
        self.fc = nn.Linear(channel, num_class, bias=False)

    def peak(self, scores: Tensor) -> Tensor:
        return scores.max(1).values

    def forward(self, x: Tensor) -> Tensor:
        scores = self.fc(x.flatten(2).mT)
        return scores.mean(1) + self.lam * self.peak(scores)


class Multiplied(OnTokens):
    def forward(self, x: Tensor) -> Tensor:
        scores = self.fc(x.flatten(2).mT)
        return scores.mean(1) * (self.lam * self.peak(scores))


class Summed(OnTokens):
    def forward(self, x: Tensor) -> Tensor:
        scores = self.fc(x.flatten(2).mT)
        return scores.sum(1) + self.lam * self.peak(scores)


STYLES = ["OnTokens"]
FAULTS = {"Multiplied": "equivalence", "Summed": "repetition"}
