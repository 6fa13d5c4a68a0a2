"""UFO attention: a summary of keys and values, and queries, both of one length."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.catalogue.causal import row

SPEC = "ufo"
VALUES = [
    {"C": 4, "D": 4, "heads": 2, "head_dim": 2, "value_dim": 3},
    {"C": 3, "D": 3, "heads": 1, "head_dim": 2, "value_dim": 2, "bias": False},
]
CALL = {"d_model": 12, "inputs": ("2x7x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 5, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    d, e, y = v.head_dim, v.value_dim, torch.zeros_like(x)
    for b in range(2):
        parts: list[list[Tensor]] = [[] for _ in x[b]]
        for h in range(v.heads):
            q, k = ([row(f, t)[h * d : (h + 1) * d] for t in x[b]] for f in (p.query, p.key))
            u = [row(p.value, t)[h * e : (h + 1) * e] for t in x[b]]
            sums = [sum(k[n][c] * u[n] for n in range(5)) for c in range(d)]
            memory = [p.gamma[h] * s / (s @ s) ** 0.5 for s in sums]
            for n in range(5):
                unit = p.gamma[h] * q[n] / (q[n] @ q[n]) ** 0.5
                parts[n].append(sum(unit[c] * memory[c] for c in range(d)))
        for n in range(5):
            y[b, n] = row(p.output, torch.cat(parts[n]))
    return y


class Units(nn.Module):
    """A norm by torch.linalg, a gamma of four axes, widths of keys and values of their own."""

    def __init__(self, d_model: int, d_k: int = 4, d_v: int = 6, h: int = 3) -> None:
        super().__init__()
        self.h, self.d_k, self.d_v = h, d_k, d_v
        self.fc_q, self.fc_k = nn.Linear(d_model, h * d_k), nn.Linear(d_model, h * d_k)
        self.fc_v, self.fc_o = nn.Linear(d_model, h * d_v), nn.Linear(h * d_v, d_model)
        self.gamma = nn.Parameter(torch.randn(1, h, 1, 1))

    def unit(self, t: Tensor) -> Tensor:
        return t * self.gamma / torch.linalg.vector_norm(t, dim=-1, keepdim=True)

    def read(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return self.unit(q) @ self.unit(k @ v)

    def forward(self, queries: Tensor, keys: Tensor, values: Tensor) -> Tensor:
        b, n = queries.shape[:2]
        q = self.fc_q(queries).view(b, n, self.h, self.d_k).permute(0, 2, 1, 3)
        k = self.fc_k(keys).view(b, -1, self.h, self.d_k).permute(0, 2, 3, 1)
        v = self.fc_v(values).view(b, -1, self.h, self.d_v).permute(0, 2, 1, 3)
        return self.fc_o(self.read(q, k, v).permute(0, 2, 1, 3).reshape(b, n, -1))


class OneMatrix(nn.Module):
    """Self-attention of one matrix, a gamma of one axis, einsums."""

    def __init__(self, d_model: int, num_heads: int = 3) -> None:
        super().__init__()
        self.num_heads = num_heads
        self.qkv, self.proj = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        self.gamma = nn.Parameter(torch.ones(num_heads))

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (t.unflatten(-1, (self.num_heads, -1)) for t in self.qkv(x).chunk(3, -1))
        memory = torch.einsum("bmhd,bmhe->bhde", k, v)
        memory = nn.functional.normalize(memory, dim=-1, eps=0.0)
        q = q / q.pow(2).sum(-1, keepdim=True).sqrt()
        y = torch.einsum("bnhd,bhde->bnhe", q, memory)
        return self.proj((y * self.gamma[:, None] ** 2).flatten(2))


class SummaryLeft(Units):
    def read(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return self.unit(q) @ (k @ v)


class OneGamma(Units):
    def read(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return q / torch.linalg.vector_norm(q, dim=-1, keepdim=True) @ self.unit(k @ v)


class KeysNormalised(Units):
    def read(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return self.unit(q) @ (self.unit(k) @ v)


STYLES = ["Units", "OneMatrix"]
FAULTS = {
    "SummaryLeft": "repetition",
    "OneGamma": "equivalence",
    "KeysNormalised": "repetition",
}
