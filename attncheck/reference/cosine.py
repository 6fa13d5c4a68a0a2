"""Scaled cosine attention, Liu et al. 2021 (Swin v2), arXiv:2111.09883, equation 2, on tokens."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.bias_steps import per_head
from attncheck.reference.context_steps import unit_length
from attncheck.reference.corner import composed
from attncheck.reference.cosine_steps import at_most
from attncheck.reference.heads import hide, merge_heads, only_visible, over_heads, split_heads
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import linear, softmax


@composed(
    dims={"C": None, "heads": None, "head_dim": None},
    options={"bias": True, "out_bias": True, "rate": "log", "most": 100.0, "fixed": 10.0},
    query=linear_slot("C", "heads * head_dim", bias="bias"),
    key=linear_slot("C", "heads * head_dim", bias="bias"),
    value=linear_slot("C", "heads * head_dim", bias="bias"),
    tau=tensor("heads", when="rate != fixed"),
    output=linear_slot("heads * head_dim", "C", bias="out_bias"),
)
def cosine(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Weigh tokens by the angle between query and key, not by their lengths: (B, N, C) -> same.

    ``mask`` is True where a key is hidden: (B, M), (B, N, M) or (B, heads, N, M).
    """
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q_own = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k_own = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    q = unit_length(q_own, -1)
    k = unit_length(k_own, -1)
    cos = q @ k.transpose(-1, -2)  # between -1 and 1
    if o.rate == "log":
        small = at_most(p.tau, o.most)  # learned as its logarithm, never above 100
        rate = per_head(small.exp())
        logits = cos * rate
    elif o.rate == "plain":
        rate = per_head(p.tau)
        logits = cos * rate
    else:
        logits = cos * o.fixed
    hidden = None if mask is None else over_heads(mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    y = linear(p.output, merged)
    return y
