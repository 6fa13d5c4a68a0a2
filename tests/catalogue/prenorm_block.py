"""Pre-norm block: LayerNorm before each branch, nothing on the way through."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "prenorm-block"
VALUES = [
    {"C": 4, "heads": 2, "kv_heads": 2, "head_dim": 2, "F": 5},
    {
        "C": 3,
        "heads": 1,
        "kv_heads": 1,
        "head_dim": 3,
        "F": 4,
        "bias": False,
        "ffn_bias": False,
        "activation": "gelu",
    },
    {
        "C": 4,
        "heads": 1,
        "kv_heads": 1,
        "head_dim": 4,
        "F": 3,
        "out_bias": False,
        "activation": "tanh",
    },
]
CALL = {"d_model": 12, "n_heads": 3, "d_ff": 20, "inputs": ("2x5x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, v.C, dtype=torch.float64),)


def matrix(s, t: Tensor) -> Tensor:
    return t @ s.weight.T + (0 if s.bias is None else s.bias)


def normal(s, t: Tensor) -> Tensor:
    centred = t - t.mean(-1, keepdim=True)
    return centred / (centred.pow(2).mean(-1, keepdim=True) + s.eps).sqrt() * s.weight + s.bias


def act(name: str, t: Tensor) -> Tensor:
    if name == "relu":
        return t.clamp(min=0)
    if name == "gelu":
        return t * (1 + torch.erf(t / math.sqrt(2))) / 2
    return t * (1 + torch.tanh(math.sqrt(2 / math.pi) * (t + 0.044715 * t**3))) / 2


def attended(p, v, x: Tensor) -> Tensor:
    d = v.C // v.heads
    q, k, u = (matrix(s, x) for s in (p.query, p.key, p.value))
    y = torch.zeros_like(x)
    for i in range(x.shape[0]):
        for h in range(0, v.C, d):
            own = slice(h, h + d)
            e = [(q[i, own] @ k[j, own] / math.sqrt(d)).exp() for j in range(x.shape[0])]
            y[i, own] = sum(e_j / sum(e) * u[j, own] for j, e_j in enumerate(e))
    return matrix(p.output, y)


def equation(p, v, x: Tensor) -> Tensor:
    def sample(x: Tensor) -> Tensor:
        r = x + attended(p, v, normal(p.norm1, x))
        t = normal(p.norm2, r)
        return r + matrix(p.down, act(v.activation, matrix(p.up, t)))

    return torch.stack([sample(b) for b in x])


class FromTorch(nn.Module):
    """torch's attention beside two layers of its own."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(d_model, n_heads, batch_first=True)
        self.ln1, self.ln2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.ffn = nn.Sequential(nn.Linear(d_model, d_ff), nn.GELU(), nn.Linear(d_ff, d_model))

    def forward(self, x: Tensor) -> Tensor:
        n = self.ln1(x)
        x = x + self.attn(n, n, n, need_weights=False)[0]
        return x + self.ffn(self.ln2(x))


class ByHand(nn.Module):
    """Its own attention, one matrix for all three, fused."""

    def __init__(self, d_model: int, n_heads: int, d_ff: int) -> None:
        super().__init__()
        self.h = n_heads
        self.norm_a, self.norm_f = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.proj = nn.Linear(d_model, d_model)
        self.w1, self.w2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def attend(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.h, c // self.h).permute(2, 0, 3, 1, 4)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(b, n, c))

    def think(self, x: Tensor) -> Tensor:
        return self.w2(F.gelu(self.w1(x)))

    def forward(self, x: Tensor) -> Tensor:
        x = self.attend(self.norm_a(x)) + x
        return self.think(self.norm_f(x)) + x


class NormalisedResidual(ByHand):
    def forward(self, x: Tensor) -> Tensor:
        x = self.norm_a(x)
        x = self.attend(x) + x
        return self.think(self.norm_f(x)) + x


class NoResidual(ByHand):
    def forward(self, x: Tensor) -> Tensor:
        x = self.attend(self.norm_a(x))
        return self.think(self.norm_f(x))


STYLES = ["FromTorch", "ByHand"]
FAULTS = {"NormalisedResidual": "equivalence", "NoResidual": "residual"}
