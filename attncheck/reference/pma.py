"""Pooling by multihead attention, Set Transformer, Lee et al. 2019, arXiv:1810.00825, eq. 11."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.set_steps import for_each_sample
from attncheck.reference.slots import layer_norm, tensor
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, softmax


@mechanism(
    dims={"C": None, "heads": None, "K": 1},
    derived={"E": "C"},
    options={"bias": True, "norms": True, "scale": "model", "first": False},
    seeds=tensor("K", "C"),
    before=linear_slot("C", "C", bias="bias", when="first"),
    query=linear_slot("C", "E", bias="bias"),
    key=linear_slot("C", "E", bias="bias"),
    value=linear_slot("C", "E", bias="bias"),
    norm1=layer_norm("E", when="norms"),
    feed=linear_slot("E", "E", bias="bias"),
    norm2=layer_norm("E", when="norms"),
)
def pma(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Pool a set to a few vectors by learned queries: (B, N, C) -> (B, K, C)."""
    width = o.C if o.scale == "model" else o.C // o.heads
    seeds = for_each_sample(p.seeds, x)  # (B, K, C)
    fed = linear(p.before, x) if o.first else x
    z = relu(fed) if o.first else fed  # the paper's rFF of the set; the authors' code has none
    q_all = linear(p.query, seeds)
    k_all = linear(p.key, z)
    v_all = linear(p.value, z)
    q = split_heads(q_all, o.heads)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    s = q @ k.transpose(-1, -2)
    e = s / width**0.5
    a = softmax(e, -1)
    heads = a @ v
    c = merge_heads(heads)
    t = q_all + c
    h = norm(p.norm1, t) if o.norms else t
    f = linear(p.feed, h)
    r = relu(f)
    u = h + r
    y = norm(p.norm2, u) if o.norms else u  # eq. 11
    return y
