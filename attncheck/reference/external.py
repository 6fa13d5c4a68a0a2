"""External attention, Guo et al. 2021, arXiv:2105.02358, equations 5 to 8."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, perm, softmax


@mechanism(
    dims={"C": None, "S": 64},
    derived={"e": "C", "I": "C"},
    options={
        "eps": 1e-9,
        "many": False,
        "block": False,
        "bias": False,
        "in_bias": True,
        "out_bias": False,
    },
    before=linear_slot("C", "C", bias="in_bias", when="block"),
    wide=linear_slot("C", "I", bias="out_bias", when="many"),
    memory_key=linear_slot("e", "S", bias="bias"),
    memory_value=linear_slot("S", "e", bias="bias"),
    narrow=linear_slot("I", "C", bias="out_bias", when="many"),
    after=linear_slot("C", "C", bias="out_bias", when="block"),
    after_norm=batch_norm("C", rank=1, when="block"),
)
def external(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend to S learned keys and values, the same for all samples: (B, N, C) -> same.

    ``many`` heads, of a wider input, share the memories (the authors' code for transformers).
    Their ``block`` for images has a matrix before, one with a BatchNorm after, the input again.
    """
    f = linear(p.before, x) if o.block else x
    if o.many:
        q_all = linear(p.wide, f)
        heads = o.I // o.e
        q = split_heads(q_all, heads)  # (B, heads, N, e)
    else:
        q = f
    e = linear(p.memory_key, q)  # eq. 5, (B, N, S)
    a = softmax(e, -2)  # eq. 7: over the tokens first
    total = a.sum(-1, keepdim=True)
    s = total + o.eps
    w = a / s  # eq. 8: then over the keys
    y = linear(p.memory_value, w)  # eq. 6
    if o.many:
        merged = merge_heads(y)
        z = linear(p.narrow, merged)
    else:
        z = y
    if o.block:
        u = linear(p.after, z)
        n = norm(p.after_norm, perm(u, 0, 2, 1))
        r = perm(n, 0, 2, 1) + x
        out = relu(r)
    else:
        out = z
    return out
