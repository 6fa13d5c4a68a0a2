"""Multihead attention block of the Set Transformer, Lee et al. 2019, arXiv:1810.00825, eq. 6, 7."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu

from attncheck.reference.heads import hide, merge_heads, only_visible, over_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import layer_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, softmax


@mechanism(
    dims={"C": None, "D": None, "E": None, "heads": None, "F": 64},
    options={
        "bias": True,
        "norms": True,
        "scale": "model",
        "residual": "projected",
        "out": False,
        "rows": "layer",
    },
    query=linear_slot("C", "E", bias="bias"),
    key=linear_slot("D", "E", bias="bias"),
    value=linear_slot("D", "E", bias="bias"),
    output=linear_slot("E", "E", bias="bias", when="out"),
    norm1=layer_norm("E", when="norms"),
    feed=linear_slot("E", "E", bias="bias", when="rows == layer"),
    inner=linear_slot("E", "F", bias="bias", when="rows == two layers"),
    outer=linear_slot("F", "E", bias="bias", when="rows == two layers"),
    norm2=layer_norm("E", when="norms"),
)
def mab(
    p: Any, o: SimpleNamespace, query: Tensor, context: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Attend from a set to another: (B, N, C), (B, M, D) -> (B, N, E).

    ``mask`` is True where a member of the context is hidden: (B, M), (B, N, M) or
    (B, heads, N, M).
    """
    q_all = linear(p.query, query)
    k_all = linear(p.key, context)
    v_all = linear(p.value, context)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    width = o.E if o.scale == "model" else o.E // o.heads
    s = q @ k.transpose(-1, -2)
    e = s / width**0.5
    hidden = None if mask is None else over_heads(mask)
    masked = hide(e, hidden)
    attention = softmax(masked, -1)
    a = only_visible(attention, hidden)
    heads = a @ v
    merged = merge_heads(heads)
    c = linear(p.output, merged) if o.out else merged
    x = q_all if o.residual == "projected" else query
    t = x + c
    h = norm(p.norm1, t) if o.norms else t  # eq. 7
    if o.rows == "layer":
        f = linear(p.feed, h)
        r = relu(f)
    else:
        f = linear(p.inner, h)
        r = linear(p.outer, relu(f))
    u = h + r
    y = norm(p.norm2, u) if o.norms else u  # eq. 6
    return y
