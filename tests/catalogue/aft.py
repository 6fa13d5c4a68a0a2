"""AFT: a weighted mean of values, channel by channel, gated by the query."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "aft"
VALUES = [
    {"C": 4, "I": 3, "T": 7},
    {"C": 3, "I": 3, "form": "simple", "bias": False, "out": False},
    {"C": 3, "I": 2, "T": 6, "form": "factorised"},
    {"C": 3, "I": 3, "T": 6, "local": True},
    {"C": 3, "I": 3, "T": 6, "causal": True, "out_bias": False},
]
N = 6
CALL = {"max_seqlen": 9, "dim": 6, "hidden_dim": 10, "inputs": ("2x7x6",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, N, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros(2, N, v.I, dtype=x.dtype)
    for b in range(2):
        q, k, u = (x[b] @ s.weight.T + (s.bias if v.bias else 0) for s in (p.query, p.key, p.value))
        for t in range(N):
            above, below = 0, 0
            for s in range(t + 1 if v.causal else N):
                w = 0
                if v.form == "full" and not (v.local and abs(t - s) >= v.window):
                    w = p.w[t, s]
                if v.form == "factorised":
                    w = p.left[t] @ p.right[s]
                above = above + (k[s] + w).exp() * u[s]
                below = below + (k[s] + w).exp()
            y[b, t] = above / below / (1 + (-q[t]).exp())
    return y @ p.output.weight.T + (p.output.bias if v.out_bias else 0) if v.out else y


class ByProducts(nn.Module):
    """Numerator and denominator as matrix products of exp(w)."""

    def __init__(self, max_seqlen: int, dim: int, hidden_dim: int) -> None:
        super().__init__()
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, hidden_dim) for _ in range(3))
        self.project = nn.Linear(hidden_dim, dim)
        self.wbias = nn.Parameter(torch.zeros(max_seqlen, max_seqlen))
        nn.init.xavier_uniform_(self.wbias)

    def mean(self, k: Tensor, v: Tensor) -> Tensor:
        w = torch.exp(self.wbias[: k.shape[1], : k.shape[1]])
        e = torch.exp(k)
        return (w @ (e * v)) / (w @ e)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.to_q(x), self.to_k(x), self.to_v(x)
        return self.project(torch.sigmoid(q) * self.mean(k, v))


class OverChannels(ByProducts):
    def mean(self, k: Tensor, v: Tensor) -> Tensor:
        w = self.wbias[: k.shape[1], : k.shape[1]]
        a = torch.softmax(k[:, None] + w[None, :, :, None], 3)
        return (a * v[:, None]).sum(2)


class NoGate(ByProducts):
    def forward(self, x: Tensor) -> Tensor:
        return self.project(self.to_q(x) * self.mean(self.to_k(x), self.to_v(x)))


STYLES = ["ByProducts"]
FAULTS = {"OverChannels": "equivalence", "NoGate": "equivalence"}
