"""External attention: learned keys and values, two normalisations."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "external"
VALUES = [{"C": 4, "S": 3}, {"C": 3, "S": 5, "eps": 0.0}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        e = torch.stack([p.memory_key.weight @ t for t in x[b]])
        over = torch.stack([e[:, s].exp() / e[:, s].exp().sum() for s in range(v.S)], 1)
        for i in range(x.shape[1]):
            w = over[i] / (v.eps + over[i].sum())
            y[b, i] = sum(w[s] * p.memory_value.weight[:, s] for s in range(v.S))
    return y


class ByConvolution(nn.Module):
    """1×1 convolutions along a line, without the small constant."""

    def __init__(self, d_model: int, S: int = 6) -> None:
        super().__init__()
        self.mk = nn.Conv1d(d_model, S, 1, bias=False)
        self.mv = nn.Conv1d(S, d_model, 1, bias=False)

    def normed(self, e: Tensor) -> Tensor:
        w = e.softmax(2)
        return w / w.sum(1, keepdim=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.mv(self.normed(self.mk(x.mT))).mT


class OnlyOverKeys(ByConvolution):
    def normed(self, e: Tensor) -> Tensor:
        return e.softmax(1)


class OnlyOverTokens(ByConvolution):
    def normed(self, e: Tensor) -> Tensor:
        return e.softmax(2)


STYLES = ["ByConvolution"]
FAULTS = {"OnlyOverKeys": "reach", "OnlyOverTokens": "repetition"}
