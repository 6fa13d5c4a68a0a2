"""Double attention: gather descriptors, distribute them."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "a2"
VALUES = [{"C": 4}, {"C": 5, "residual": True}, {"C": 4, "bias": False}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 2, 3, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    def layer(slot, t: Tensor) -> Tensor:
        return slot.weight @ t + (slot.bias[:, None] if v.bias else 0)

    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        t = x[b].flatten(1)
        A, B, V = (layer(s, t) for s in (p.features, p.gather, p.distribute))
        z = torch.zeros(v.m, t.shape[1], dtype=t.dtype)
        for i in range(v.n):
            w = B[i].exp() / B[i].exp().sum()
            descriptor = sum(w[j] * A[:, j] for j in range(t.shape[1]))
            for j in range(t.shape[1]):
                z[:, j] += V[i, j].exp() / V[:, j].exp().sum() * descriptor
        y[b] = layer(p.extend, z).view_as(x[b]) + (x[b] if v.residual else 0)
    return y


class TokensLast(nn.Module):
    """Matrices on tokens (B, N, C), the products in the other order."""

    def __init__(self, in_channels: int, c_m: int = 6, c_n: int = 3) -> None:
        super().__init__()
        self.a = nn.Linear(in_channels, c_m)
        self.b = nn.Linear(in_channels, c_n)
        self.v = nn.Linear(in_channels, c_n)
        self.out = nn.Linear(c_m, in_channels)

    def gathering(self, b: Tensor) -> Tensor:
        return b.softmax(1)

    def forward(self, x: Tensor) -> Tensor:
        t = x.flatten(2).mT
        gathered = self.gathering(self.b(t)).mT @ self.a(t)
        y = self.out(self.v(t).softmax(2) @ gathered)
        return y.mT.reshape(x.shape)


class OverTheBatch(TokensLast):
    def gathering(self, b: Tensor) -> Tensor:
        return b.softmax(0)


class OverDescriptorsTwice(TokensLast):
    def gathering(self, b: Tensor) -> Tensor:
        return b.softmax(2)


STYLES = ["TokensLast"]
FAULTS = {"OverTheBatch": "batch-independence", "OverDescriptorsTwice": "repetition"}
