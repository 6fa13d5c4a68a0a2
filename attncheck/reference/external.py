"""External attention, Guo et al. 2021, arXiv:2105.02358, equations 5 to 8."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "S": 64},
    derived={"e": "C", "I": "C"},
    options={"eps": 1e-9, "many": False, "bias": False, "out_bias": False},
    wide=linear_slot("C", "I", bias="out_bias", when="many"),
    memory_key=linear_slot("e", "S", bias="bias"),
    memory_value=linear_slot("S", "e", bias="bias"),
    narrow=linear_slot("I", "C", bias="out_bias", when="many"),
)
def external(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend to S learned keys and values, the same for all samples: (B, N, C) -> same.

    ``many`` heads, of a wider input, share the memories (the authors' code for transformers).
    """
    if o.many:
        q_all = linear(p.wide, x)
        heads = o.I // o.e
        q = split_heads(q_all, heads)  # (B, heads, N, e)
    else:
        q = x
    e = linear(p.memory_key, q)  # eq. 5, (B, N, S)
    a = softmax(e, -2)  # eq. 7: over the tokens first
    total = a.sum(-1, keepdim=True)
    s = total + o.eps
    w = a / s  # eq. 8: then over the keys
    y = linear(p.memory_value, w)  # eq. 6
    if o.many:
        merged = merge_heads(y)
        out = linear(p.narrow, merged)
    else:
        out = y
    return out
