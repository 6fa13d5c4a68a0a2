"""Separable self-attention: one context for all tokens."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "separable"
VALUES = [{"C": 4}, {"C": 3, "bias": False, "out_bias": False}]
CALL = {"d_model": 8, "inputs": ("2x5x8",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def row(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        e = [row(p.score, t).exp() for t in x[b]]
        context = sum(w * row(p.key, t) for w, t in zip(e, x[b], strict=True)) / sum(e)
        for n in range(x.shape[1]):
            y[b, n] = row(p.output, row(p.value, x[b, n]).clamp(min=0) * context)
    return y


class Layers(nn.Module):
    """Four layers on tokens."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.fc_i = nn.Linear(d_model, 1)
        self.fc_k = nn.Linear(d_model, d_model)
        self.fc_v = nn.Linear(d_model, d_model)
        self.fc_o = nn.Linear(d_model, d_model)

    def weights(self, x: Tensor) -> Tensor:
        return torch.softmax(self.fc_i(x), dim=1)

    def values(self, x: Tensor) -> Tensor:
        return torch.relu(self.fc_v(x))

    def forward(self, x: Tensor) -> Tensor:
        context = torch.sum(self.weights(x) * self.fc_k(x), dim=1, keepdim=True)
        return self.fc_o(self.values(x) * context)


class OneConvolution(nn.Module):
    """The authors' way: one 1×1 convolution on patches by pixels, cut in three."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.d = d_model
        self.qkv_proj = nn.Conv2d(d_model, 1 + 2 * d_model, 1)
        self.out_proj = nn.Conv2d(d_model, d_model, 1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv_proj(x).split((1, self.d, self.d), 1)
        context = (k * q.softmax(-1)).sum(-1, keepdim=True)
        return self.out_proj(v.relu() * context.expand_as(v))


class OverOneScore(Layers):
    def weights(self, x: Tensor) -> Tensor:
        return torch.softmax(self.fc_i(x), dim=-1) / x.shape[1]


class Sigmoids(Layers):
    def weights(self, x: Tensor) -> Tensor:
        return torch.sigmoid(self.fc_i(x))


class NoRelu(Layers):
    def values(self, x: Tensor) -> Tensor:
        return self.fc_v(x)


class OverTheBatch(Layers):
    def weights(self, x: Tensor) -> Tensor:
        return torch.softmax(self.fc_i(x), dim=0)


STYLES = ["Layers"]
FAULTS = {
    "OverOneScore": "unused",
    "Sigmoids": "repetition",
    "NoRelu": "equivalence",
    "OverTheBatch": "batch-independence",
}
