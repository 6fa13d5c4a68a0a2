"""MLA: keys and values of all heads come from one latent vector per token."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "mla"
_SIZES = {"C": 4, "heads": 2, "head_dim": 2, "v_dim": 3, "latent": 3, "q_latent": 5, "turned": 2}
VALUES = [
    {**_SIZES, "head_dim": 3},
    {**_SIZES, "q_low": False, "norm": "kv", "causal": True},
    {**_SIZES, "heads": 1, "rope": True, "norm": "both", "bias": True},
    {**_SIZES, "rope": True, "q_low": False},
]
CALL = {"d_model": 12, "n_heads": 3, "latent_dim": 5, "inputs": ("2x6x12",)}


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, v.C, dtype=torch.float64),)


def matrix(s, t: Tensor) -> Tensor:
    return t @ s.weight.T + (0 if s.bias is None else s.bias)


def rms(s, t: Tensor) -> Tensor:
    return t / (t.pow(2).mean(-1, keepdim=True) + s.eps).sqrt() * s.weight


def turned(t: Tensor, place: int) -> Tensor:
    angle = torch.tensor(float(place), dtype=t.dtype)  # one pair: it turns by its place
    a, b = t
    return torch.stack((a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos()))


def equation(p, v, x: Tensor) -> Tensor:
    d = v.head_dim
    y = torch.zeros(2, 4, v.V, dtype=x.dtype)
    for b in range(2):
        c_kv = matrix(p.kv_down, x[b])
        c_kv = c_kv if v.norm == "none" else rms(p.kv_norm, c_kv)
        c_q = matrix(p.q_down, x[b]) if v.q_low else x[b]
        c_q = rms(p.q_norm, c_q) if v.norm == "both" else c_q
        q = matrix(p.q_up if v.q_low else p.query, c_q)
        k, u = matrix(p.k_up, c_kv), matrix(p.v_up, c_kv)
        for i in range(4):
            for h in range(v.heads):
                cut = slice(h * d, (h + 1) * d)
                e = []
                for j in range(i + 1 if v.causal else 4):
                    s, width = q[i, cut] @ k[j, cut], d
                    if v.rope:
                        q_r = matrix(p.q_rope, c_q)[i, 2 * h : 2 * h + 2]
                        s = s + turned(q_r, i) @ turned(matrix(p.k_rope, x[b])[j], j)
                        width = d + 2
                    e.append((s / width**0.5).exp())
                own = slice(h * v.v_dim, (h + 1) * v.v_dim)
                y[b, i, own] = sum(t / sum(e) * u[j, own] for j, t in enumerate(e))
    return matrix(p.output, y)


class FusedUp(nn.Module):
    """Keys and values come from one matrix."""

    def __init__(self, d_model: int, n_heads: int, latent_dim: int) -> None:
        super().__init__()
        self.h = n_heads
        self.wq = nn.Linear(d_model, d_model, bias=False)
        self.w_dkv = nn.Linear(d_model, latent_dim, bias=False)
        self.w_ukv = nn.Linear(latent_dim, 2 * d_model, bias=False)
        self.wo = nn.Linear(d_model, d_model, bias=False)

    def heads(self, x: Tensor) -> list[Tensor]:
        parts = (self.wq(x), *self.w_ukv(self.w_dkv(x)).chunk(2, -1))
        return [t.unflatten(-1, (self.h, -1)).transpose(1, 2) for t in parts]

    def forward(self, x: Tensor) -> Tensor:
        y = F.scaled_dot_product_attention(*self.heads(x))
        return self.wo(y.transpose(1, 2).flatten(2))


class QueriesOfTheToken(nn.Module):
    """No latent for the queries, as in the authors' small model; rotary parts beside."""

    def __init__(self, d_model: int, n_heads: int, latent_dim: int, rope_dim: int = 2) -> None:
        super().__init__()
        self.h, self.r = n_heads, rope_dim
        self.q_proj = nn.Linear(d_model, d_model, bias=False)
        self.q_rope = nn.Linear(d_model, n_heads * rope_dim, bias=False)
        self.kv_a = nn.Linear(d_model, latent_dim, bias=False)
        self.k_rope = nn.Linear(d_model, rope_dim, bias=False)
        self.k_b = nn.Linear(latent_dim, d_model, bias=False)
        self.v_b = nn.Linear(latent_dim, d_model, bias=False)
        self.o_proj = nn.Linear(d_model, d_model, bias=False)

    def turn(self, t: Tensor) -> Tensor:
        place = torch.arange(t.shape[-2], dtype=t.dtype, device=t.device)
        rate = 10000 ** (-torch.arange(0, self.r, 2, dtype=t.dtype, device=t.device) / self.r)
        angle = torch.outer(place, rate)
        a, b = t[..., ::2], t[..., 1::2]
        pairs = (a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos())
        return torch.stack(pairs, -1).flatten(-2)

    def forward(self, x: Tensor) -> Tensor:
        c = self.kv_a(x)
        layers = (self.q_proj, x), (self.q_rope, x), (self.k_b, c), (self.v_b, c)
        q, q_r, k, v = (f(t).unflatten(-1, (self.h, -1)).transpose(1, 2) for f, t in layers)
        k_r = self.turn(self.k_rope(x)[:, None]).expand(-1, self.h, -1, -1)
        q, k = torch.cat((q, self.turn(q_r)), -1), torch.cat((k, k_r), -1)
        y = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v
        return self.o_proj(y.transpose(1, 2).flatten(2))


class ScaledByTheModel(FusedUp):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        a = (q @ k.mT / x.shape[-1] ** 0.5).softmax(-1)
        return self.wo((a @ v).transpose(1, 2).flatten(2))


class OverQueries(FusedUp):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.heads(x)
        a = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-2)
        return self.wo((a @ v).transpose(1, 2).flatten(2))


STYLES = ["FusedUp", "QueriesOfTheToken"]
FAULTS = {"ScaledByTheModel": "logit-scale", "OverQueries": "weights"}
