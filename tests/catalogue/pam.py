"""Position attention of DANet: positions weighed by their inner products."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "pam"
VALUES = [{"C": 4, "r": 2}, {"C": 3, "r": 1, "query_bias": False, "value_bias": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 2, 3, dtype=torch.float64),)


def linear(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    places = [(i, j) for i in range(x.shape[2]) for j in range(x.shape[3])]
    for b in range(x.shape[0]):
        for i, j in places:
            query = linear(p.query, x[b, :, i, j])
            weights = [(query @ linear(p.key, x[b, :, k, m])).exp() for k, m in places]
            values = [linear(p.value, x[b, :, k, m]) for k, m in places]
            mixed = sum(w * t for w, t in zip(weights, values, strict=True)) / sum(weights)
            y[b, :, i, j] = p.gamma * mixed + x[b, :, i, j]
    return y


class Einsum(nn.Module):
    """One convolution for all three, products by letters."""

    def __init__(self, in_dim: int) -> None:
        super().__init__()
        self.inner = in_dim // 8
        self.qkv = nn.Conv2d(in_dim, 2 * self.inner + in_dim, 1)
        self.gamma = nn.Parameter(torch.zeros(1))

    def over(self, scores: Tensor) -> Tensor:
        return scores.softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).flatten(2).split([self.inner, self.inner, x.shape[1]], 1)
        weights = self.over(torch.einsum("bcn,bcm->bnm", q, k))
        return self.gamma * torch.einsum("bcm,bnm->bcn", v, weights).view_as(x) + x


class OverTheQueries(Einsum):
    def over(self, scores: Tensor) -> Tensor:
        return scores.softmax(1)


class NoInputAdded(Einsum):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) - x


STYLES = ["Einsum"]
FAULTS = {"OverTheQueries": "weights", "NoInputAdded": "identity-at-init"}
