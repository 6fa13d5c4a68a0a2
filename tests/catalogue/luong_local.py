"""Local multiplicative attention: a window of the source around one position."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

SPEC = "luong-local"
VALUES = [
    {"C": 3, "A": 2, "window": 2},
    {"C": 3, "A": 2, "window": 1, "centre": "monotonic", "score": "general"},
]


def inputs(v) -> tuple[Tensor, ...]:
    states = torch.randn(2, 4, v.C, dtype=torch.float64)
    return states, torch.randn(2, 7, v.C, dtype=torch.float64)


def equation(p, v, states: Tensor, source: Tensor) -> Tensor:
    out = torch.zeros_like(states)
    size = source.shape[1]
    for b in range(2):
        for t in range(states.shape[1]):
            h, centre = states[b, t], float(t)
            if v.centre == "predicted":
                u = p.vector.weight[0] @ (p.position.weight @ h).tanh()
                centre = float(size / (1 + (-u).exp()))
            near = [s for s in range(size) if centre - v.window <= s <= centre + v.window]
            w = p.general.weight if v.score == "general" else torch.eye(v.C, dtype=h.dtype)
            es = {s: float((h @ w @ source[b, s]).exp()) for s in near}
            for s in near:
                a = es[s] / sum(es.values())
                if v.centre == "predicted":
                    a *= math.exp(-((s - centre) ** 2) / (2 * (v.window / 2) ** 2))
                out[b, t] += a * source[b, s]
    return out


class Predictive(nn.Module):
    """The Gaussian in one expression, the window by comparison."""

    def __init__(self, hidden_size: int, window: int) -> None:
        super().__init__()
        self.window = window
        self.w_p = nn.Linear(hidden_size, hidden_size, bias=False)
        self.v_p = nn.Linear(hidden_size, 1, bias=False)

    def sigma(self) -> float:
        return self.window / 2

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        size = keys.shape[1]
        centre = size * torch.sigmoid(self.v_p(torch.tanh(self.w_p(query))))
        s = torch.arange(size, device=keys.device, dtype=keys.dtype)
        far = (s < centre - self.window) | (s > centre + self.window)
        a = (query @ keys.mT).masked_fill(far, float("-inf")).softmax(-1)
        return (a * torch.exp(-((s - centre) ** 2) / (2 * self.sigma() ** 2))) @ keys


class WideGaussian(Predictive):
    def sigma(self) -> float:
        return float(self.window)


class CutAfterwards(Predictive):
    """All positions share the softmax, and those far away lose their weight."""

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        size = keys.shape[1]
        centre = size * torch.sigmoid(self.v_p(torch.tanh(self.w_p(query))))
        gap = torch.arange(size, device=keys.device, dtype=keys.dtype) - centre
        a = (query @ keys.mT).softmax(-1).masked_fill(gap.abs() > self.window, 0.0)
        return (a * torch.exp(-(gap**2) / (2 * self.sigma() ** 2))) @ keys


STYLES = ["Predictive"]
FAULTS = {"WideGaussian": "equivalence", "CutAfterwards": "equivalence"}
