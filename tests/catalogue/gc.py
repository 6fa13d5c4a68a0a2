"""Global context: one weighing of all positions, added everywhere."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "gc"
VALUES = [
    {"C": 6, "r": 2},
    {"C": 6, "r": 2, "bias": False, "mask_bias": False, "fusion": "both"},
    {"C": 6, "r": 2, "pooling": "mean", "fusion": "mul"},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def perceptron(reduce, norm, expand, c: Tensor) -> Tensor:
    a = reduce.weight @ c + (0 if reduce.bias is None else reduce.bias)
    spread = ((a - a.mean()) ** 2).mean() + norm.eps
    n = (a - a.mean()) / spread**0.5 * norm.weight + norm.bias
    return expand.weight @ n.clamp(min=0) + (0 if expand.bias is None else expand.bias)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        pixels = list(x[b].flatten(1).T)
        if v.pooling == "attention":
            scores = [p.mask.weight[0] @ t + (p.mask.bias[0] if v.mask_bias else 0) for t in pixels]
            weights = [s.exp() for s in scores]
        else:
            weights = [torch.ones((), dtype=x.dtype) for _ in pixels]
        c = sum(w * t for w, t in zip(weights, pixels, strict=True)) / sum(weights)
        y[b] = x[b]
        if v.fusion != "add":
            d = perceptron(p.mul_reduce, p.mul_norm, p.mul_expand, c)
            y[b] = y[b] / (1 + (-d).exp())[:, None, None]
        if v.fusion != "mul":
            d = perceptron(p.add_reduce, p.add_norm, p.add_expand, c)
            y[b] = y[b] + d[:, None, None]
    return y


class Tokens(nn.Module):
    """Positions as tokens, a LayerNorm of three axes."""

    def __init__(self, inplanes: int, ratio: float = 0.25) -> None:
        super().__init__()
        planes = int(inplanes * ratio)
        self.mask = nn.Linear(inplanes, 1)
        self.transform = nn.Sequential(
            nn.Conv2d(inplanes, planes, 1),
            nn.LayerNorm([planes, 1, 1]),
            nn.ReLU(),
            nn.Conv2d(planes, inplanes, 1),
        )
        nn.init.zeros_(self.transform[3].weight)
        nn.init.zeros_(self.transform[3].bias)

    def context(self, x: Tensor, axis: int = 1) -> Tensor:
        t = x.flatten(2).mT
        return (t * self.mask(t).softmax(axis)).sum(1)[:, :, None, None]

    def forward(self, x: Tensor) -> Tensor:
        return x + self.transform(self.context(x))


class SingleAxis(Tokens):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.transform(self.context(x, axis=2))


class OverTheBatch(Tokens):
    def forward(self, x: Tensor) -> Tensor:
        return x + self.transform(self.context(x, axis=0))


class InputLost(Tokens):
    def forward(self, x: Tensor) -> Tensor:
        return self.transform(self.context(x)).expand_as(x)


STYLES = ["Tokens"]
FAULTS = {
    "SingleAxis": "unused",
    "OverTheBatch": "batch-independence",
    "InputLost": "equivalence",
}
