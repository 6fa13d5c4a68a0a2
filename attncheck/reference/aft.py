"""Attention free transformer, Zhai et al. 2021, arXiv:2105.14103, equations 2 to 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.heads import hide
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import behind, places
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "I": None, "T": 16},
    derived={"u": "C // 2", "window": "4"},
    options={
        "bias": True,
        "out_bias": True,
        "out": True,
        "form": "full",
        "local": False,
        "causal": False,
    },
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    w=tensor("T", "T", when="form == full"),
    left=tensor("T", "u", when="form == factorised"),
    right=tensor("T", "u", when="form == factorised"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def aft(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Weigh values channel by channel, by keys and places: (B, N, C) -> (B, N, C)."""
    N = x.shape[1]
    q = linear(p.query, x)  # (B, N, I)
    k = linear(p.key, x)
    v = linear(p.value, x)
    here = places(q)
    gap = behind(here, here)
    key = k[:, None]
    value = v[:, None]
    if o.form == "simple":
        s = key.expand(-1, N, -1, -1)  # eq. 3: no places
    else:
        w = p.w if o.form == "full" else p.left @ p.right.transpose(0, 1)  # section 3.1
        own = w[:N, :N]
        near = own.masked_fill(gap.abs() >= o.window, 0.0) if o.local else own  # AFT-local
        place = near[None, :, :, None]
        s = key + place  # (B, N, N, I)
    future = (gap < 0)[None, :, :, None] if o.causal else None
    logits = hide(s, future)
    a = softmax(logits, 2)
    weighted = a * value
    m = weighted.sum(2)
    g = sigmoid(q)
    t = g * m  # eq. 2
    y = linear(p.output, t) if o.out else t
    return y
