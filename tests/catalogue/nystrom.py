"""Nyströmformer: softmax attention by way of segment means and a pseudoinverse."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "nystrom"
VALUES = [
    {"C": 4, "heads": 2, "head_dim": 3, "landmarks": 2},
    {"C": 3, "heads": 1, "head_dim": 2, "landmarks": 3, "bias": False, "start": "batch"},
]
CALL = {"dim": 12, "heads": 3, "num_landmarks": 2, "inputs": ("2x6x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 6, v.C, dtype=torch.float64),)


def weights(q: Tensor, k: Tensor) -> Tensor:
    e = [torch.stack([a @ b / len(a) ** 0.5 for b in k]).exp() for a in q]
    return torch.stack([row / row.sum() for row in e])


def equation(p, v, x: Tensor) -> Tensor:
    parts = {}
    for b in range(2):
        q, k, u = (x[b] @ s.weight.T + (s.bias if v.bias else 0) for s in (p.query, p.key, p.value))
        for h in range(v.heads):
            own = slice(h * v.head_dim, (h + 1) * v.head_dim)
            step = 6 // v.landmarks
            q_few, k_few = (
                torch.stack([t[i : i + step, own].sum(0) / step for i in range(0, 6, step)])
                for t in (q, k)
            )
            parts[b, h] = (
                weights(q[:, own], k_few),
                weights(q_few, k_few),
                weights(q_few, k[:, own]) @ u[:, own],
            )
    y = torch.zeros(2, 6, v.I, dtype=x.dtype)
    for (b, h), (f, a, seen) in parts.items():
        matrices = [a] if v.start == "sample" else [m for _, m, _ in parts.values()]
        columns = max(float(m.sum(0).max()) for m in matrices)
        z = a.T / columns / max(float(m.sum(1).max()) for m in matrices)
        eye = torch.eye(len(a), dtype=a.dtype)
        for _ in range(6):
            z = z @ (13 * eye - a @ z @ (15 * eye - a @ z @ (7 * eye - a @ z))) / 4
        y[b, :, h * v.head_dim : (h + 1) * v.head_dim] = f @ z @ seen
    return y @ p.output.weight.T + (p.output.bias if v.out_bias else 0)


class Fused(nn.Module):
    """One matrix for all three; q and k share the scale."""

    def __init__(self, dim: int, heads: int, num_landmarks: int) -> None:
        super().__init__()
        self.h, self.m = heads, num_landmarks
        self.to_qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.proj = nn.Linear(dim, dim)

    def inverse(self, a: Tensor) -> Tensor:
        z = a.mT / (a.sum(-2).amax(-1) * a.sum(-1).amax(-1))[..., None, None]
        eye = torch.eye(self.m, dtype=a.dtype, device=a.device)
        for _ in range(6):
            az = a @ z
            z = 0.25 * z @ (13 * eye - az @ (15 * eye - az @ (7 * eye - az)))
        return z

    def weigh(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.mT).softmax(-1)

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.to_qkv(x).view(b, n, 3, self.h, c // self.h).permute(2, 0, 3, 1, 4)
        q, k = (t * (c // self.h) ** -0.25 for t in (q, k))
        few = [t.reshape(b, self.h, self.m, n // self.m, -1).mean(-2) for t in (q, k)]
        y = self.weigh(q, few[1]) @ self.inverse(self.weigh(*few)) @ (self.weigh(few[0], k) @ v)
        return self.proj(y.transpose(1, 2).reshape(b, n, c))


class OverTheBatch(Fused):
    def weigh(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.mT).softmax(0)


class Detached(Fused):
    def inverse(self, a: Tensor) -> Tensor:
        return super().inverse(a).detach()


STYLES = ["Fused"]
FAULTS = {"OverTheBatch": "equivalence", "Detached": "equivalence"}
