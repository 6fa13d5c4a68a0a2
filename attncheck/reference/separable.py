"""Separable self-attention, Mehta and Rastegari 2022 (MobileViTv2), arXiv:2206.02680, sec. 3.1."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, perm, softmax


@mechanism(
    dims={"C": None},
    options={"bias": True, "out_bias": True},
    score=linear_slot("C", "1", bias="bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    output=linear_slot("C", "C", bias="out_bias"),
)
def separable(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Hand one context to all tokens: (B, N, C) -> same.

    A map (B, C, P, N) holds sequences of N patches for each of P pixels, each by itself.
    """
    t = x if x.ndim == 3 else perm(x, 0, 2, 3, 1)  # (…, N, C)
    i = linear(p.score, t)  # (…, N, 1): the distance to one latent token
    k = linear(p.key, t)
    v = linear(p.value, t)
    c = softmax(i, -2)  # over the tokens
    weighed = k * c
    context = weighed.sum(-2, keepdim=True)  # (…, 1, C)
    f = relu(v)
    mixed = f * context
    out = linear(p.output, mixed)
    return out if x.ndim == 3 else perm(out, 0, 3, 1, 2)
