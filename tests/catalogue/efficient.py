"""Efficient attention: keys are softmaxed over positions, queries over channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "efficient"
VALUES = [
    {"C": 6, "heads": 2},
    {"C": 4, "heads": 1, "bias": False, "out": False, "residual": False},
    {"C": 4, "heads": 2, "norm": "scaling"},
]
CALL = {"in_channels": 8, "head_count": 2, "inputs": ("2x8x5x3",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 2, 3, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    pixels = [(i, j) for i in range(x.shape[2]) for j in range(x.shape[3])]
    d = v.C // v.heads
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        q, k, u = (
            torch.stack([s.weight @ x[b, :, i, j] + (s.bias if v.bias else 0) for i, j in pixels])
            for s in (p.query, p.key, p.value)
        )
        for at, (i, j) in enumerate(pixels):
            m = torch.zeros(v.C, dtype=x.dtype)
            for h in range(0, v.C, d):
                for c in range(h, h + d):
                    if v.norm == "softmax":
                        a = q[at, c].exp() / q[at, h : h + d].exp().sum()
                        w = k[:, c].exp() / k[:, c].exp().sum()
                    else:
                        a, w = q[at, c] / len(pixels) ** 0.5, k[:, c] / len(pixels) ** 0.5
                    m[h : h + d] += a * sum(w[n] * u[n, h : h + d] for n in range(len(pixels)))
            if v.out:
                m = p.output.weight @ m + (p.output.bias if v.out_bias else 0)
            y[b, :, i, j] = m + (x[b, :, i, j] if v.residual else 0)
    return y


class HeadByHead(nn.Module):
    """1×1 convolutions, channels first, one head after the other."""

    def __init__(self, in_channels: int, head_count: int) -> None:
        super().__init__()
        self.head_count = head_count
        self.keys, self.queries, self.values, self.reprojection = (
            nn.Conv2d(in_channels, in_channels, 1) for _ in range(4)
        )

    def maps(self, k: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        return torch.softmax(k, 2), torch.softmax(q, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, _, h, w = x.shape
        parts = [f(x).flatten(2).chunk(self.head_count, 1) for f in self.all()]
        seen = []
        for k, q, v in zip(*parts, strict=True):
            k, q = self.maps(k, q)
            seen.append(((k @ v.transpose(1, 2)).transpose(1, 2) @ q).reshape(n, -1, h, w))
        return self.reprojection(torch.cat(seen, 1)) + x

    def all(self) -> tuple[nn.Module, ...]:
        return self.keys, self.queries, self.values


class OnTokens(nn.Module):
    """Tokens, one matrix for all three."""

    def __init__(self, in_channels: int, head_count: int) -> None:
        super().__init__()
        self.h = head_count
        self.qkv = nn.Linear(in_channels, 3 * in_channels)
        self.proj = nn.Linear(in_channels, in_channels)

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        qkv = self.qkv(x.flatten(2).transpose(1, 2))
        k, q, v = qkv.reshape(b, h * w, 3, self.h, -1).permute(2, 0, 3, 1, 4)
        y = torch.einsum("bhnd,bhmd,bhme->bhne", q.softmax(-1), k.softmax(-2), v)
        return self.proj(y.transpose(1, 2).flatten(2)).transpose(1, 2).reshape(b, c, h, w)


class KeysOverChannels(HeadByHead):
    def maps(self, k: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        return torch.softmax(k, 1), torch.softmax(q, 1)


class OverTheBatch(HeadByHead):
    def maps(self, k: Tensor, q: Tensor) -> tuple[Tensor, Tensor]:
        return torch.softmax(k, 0), torch.softmax(q, 1)


STYLES = ["HeadByHead", "OnTokens"]
FAULTS = {"KeysOverChannels": "equivalence", "OverTheBatch": "batch-independence"}
