"""Global context block, Cao et al. 2019 (GCNet), arXiv:1904.11492, equation 7."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import layer_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import (
    flat_hw,
    linear,
    mean_hw,
    norm,
    over_hw,
    perm,
    pointwise,
    softmax,
)


@mechanism(
    dims={"C": None, "r": 16},
    derived={"h": "C // r"},
    options={"mask_bias": True, "bias": True, "pooling": "attention", "fusion": "add"},
    mask=linear_slot("C", "1", bias="mask_bias", when="pooling == attention"),
    add_reduce=linear_slot("C", "h", bias="bias", when="fusion != mul"),
    add_norm=layer_norm("h", when="fusion != mul"),
    add_expand=linear_slot("h", "C", bias="bias", when="fusion != mul", start=0.0),
    mul_reduce=linear_slot("C", "h", bias="bias", when="fusion != add"),
    mul_norm=layer_norm("h", when="fusion != add"),
    mul_expand=linear_slot("h", "C", bias="bias", when="fusion != add"),
)
def gc(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Add to every position what one weighing of all positions says: (B, C, H, W) -> same."""
    if o.pooling == "attention":
        q = pointwise(p.mask, x)  # (B, 1, H, W)
        e = flat_hw(q)
        a = softmax(e, -1)  # one map of weights per image
        f = flat_hw(x)
        t = perm(f, 0, 2, 1)  # (B, N, C)
        m = a @ t
        c = m[:, 0]
    else:
        c = mean_hw(x)
    y = x
    if o.fusion != "add":
        b_m = linear(p.mul_reduce, c)
        n_m = norm(p.mul_norm, b_m)
        h_m = relu(n_m)
        u_m = linear(p.mul_expand, h_m)
        s_m = sigmoid(u_m)
        g_m = over_hw(s_m)
        y = y * g_m
    if o.fusion != "mul":
        b = linear(p.add_reduce, c)
        n = norm(p.add_norm, b)
        h = relu(n)
        u = linear(p.add_expand, h)
        d = over_hw(u)
        y = y + d  # eq. 7
    return y
