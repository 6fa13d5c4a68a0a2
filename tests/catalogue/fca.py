"""Frequency channel attention: a gate of channels by one cosine each."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "fca"
VALUES = [
    {"C": 16, "r": 4},
    {"C": 4, "r": 2, "S": 14, "T": 7, "frequencies": "low4", "squeeze_bias": True},
    {"C": 8, "r": 4, "frequencies": "top8", "orthogonal": False, "excite_bias": True},
]
CALL = {"channel": 32, "dct_h": 7, "dct_w": 7, "inputs": ("2x32x7x7",)}
TOP16 = [
    [0, 0, 6, 0, 0, 1, 1, 4, 5, 1, 3, 0, 0, 0, 3, 2],
    [0, 1, 0, 5, 2, 0, 2, 0, 0, 6, 0, 4, 6, 3, 5, 2],
]
PAIRS = {
    "top16": list(zip(*TOP16, strict=True)),
    "top8": list(zip(*TOP16, strict=True))[:8],
    "low4": [(0, 0), (0, 1), (1, 0), (1, 1)],
}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, v.S, v.T, dtype=torch.float64),)


def cosine(u: int, i: int, n: int, scaled: bool) -> float:
    size = math.sqrt((2 if u else 1) / n) if scaled else 1
    return size * math.cos(math.pi * u * (i + 0.5) / n)


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    pairs = PAIRS[v.frequencies]
    for b in range(x.shape[0]):
        z = []
        for c in range(v.C):
            u, w = pairs[c // (v.C // len(pairs))]
            u, w = u * (v.S // 7), w * (v.T // 7)
            total = 0
            for i in range(v.S):
                for j in range(v.T):
                    wave = cosine(u, i, v.S, v.orthogonal) * cosine(w, j, v.T, v.orthogonal)
                    total = total + x[b, c, i, j] * wave
            z.append(total)
        h = p.squeeze.weight @ torch.stack(z)
        h = (h + (p.squeeze.bias if v.squeeze_bias else 0)).clamp(min=0)
        u = p.excite.weight @ h + (p.excite.bias if v.excite_bias else 0)
        y[b] = x[b] / (1 + (-u).exp())[:, None, None]
    return y


class Buffer(nn.Module):
    """Cosines in a buffer, made once."""

    def __init__(self, channel: int, dct_h: int, dct_w: int, reduction: int = 4) -> None:
        super().__init__()
        self.size = (dct_h, dct_w)
        self.register_buffer("weight", self.filters(channel, dct_h, dct_w))
        h = channel // reduction
        self.fc = nn.Sequential(
            nn.Linear(channel, h, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(h, channel, bias=False),
            nn.Sigmoid(),
        )

    def wave(self, u: int, n: int) -> Tensor:
        places = torch.arange(n, dtype=torch.float64) + 0.5
        return torch.cos(math.pi * u * places / n) * math.sqrt((2 if u else 1) / n)

    def filters(self, channel: int, h: int, w: int) -> Tensor:
        out = torch.zeros(channel, h, w)
        part = channel // 16
        for n, (u, v) in enumerate(PAIRS["top16"]):
            out[n * part : (n + 1) * part] = torch.outer(
                self.wave(u * (h // 7), h), self.wave(v * (w // 7), w)
            )
        return out

    def forward(self, x: Tensor) -> Tensor:
        small = x
        if x.shape[2:] != self.size:
            small = F.adaptive_avg_pool2d(x, self.size)
        z = (small * self.weight).sum((2, 3))
        return x * self.fc(z)[..., None, None]


class ByMatrices(Buffer):
    """Two matrices of cosines in place of one filter per channel."""

    def filters(self, channel: int, h: int, w: int) -> Tensor:
        pairs = [pair for pair in PAIRS["top16"] for _ in range(channel // 16)]
        self.register_buffer("rows", torch.stack([self.wave(u, h) for u, _ in pairs]).float())
        self.register_buffer("columns", torch.stack([self.wave(v, w) for _, v in pairs]).float())
        return torch.zeros(1)

    def forward(self, x: Tensor) -> Tensor:
        small = F.adaptive_avg_pool2d(x, self.size)
        z = torch.einsum("bcij,ci,cj->bc", small, self.rows, self.columns)
        return torch.einsum("bchw,bc->bchw", x, self.fc(z))


class Exchanged(Buffer):
    def filters(self, channel: int, h: int, w: int) -> Tensor:
        return super().filters(channel, w, h).transpose(1, 2).contiguous()


class HalfAPixelOff(Buffer):
    def wave(self, u: int, n: int) -> Tensor:
        return torch.cos(math.pi * u * torch.arange(n) / n) * math.sqrt((2 if u else 1) / n)


class NoSigmoid(Buffer):
    def __init__(self, channel: int, dct_h: int, dct_w: int) -> None:
        super().__init__(channel, dct_h, dct_w)
        self.fc = self.fc[:3]


class OneCorner(Buffer):
    def filters(self, channel: int, h: int, w: int) -> Tensor:
        out = super().filters(channel, h, w)
        out[:, h // 2 :] = 0
        return out


STYLES = ["Buffer", "ByMatrices"]
FAULTS = {
    "Exchanged": "equivalence",
    "HalfAPixelOff": "equivalence",
    "NoSigmoid": "gate",
    "OneCorner": "reach",
}
