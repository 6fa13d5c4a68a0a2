"""Attention with relative buckets, Raffel et al. 2020, arXiv:1910.10683, section 2.1."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.bias_steps import bucket, rows_of
from attncheck.reference.heads import hide, merge_heads, only_visible, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import behind, either, places
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import linear, perm, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None, "buckets": 32, "farthest": 128},
    derived={"I": "heads * head_dim"},
    options={"bias": False, "out_bias": False, "out": True, "scale": False, "causal": False},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    table=tensor("buckets", "heads"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def t5_bias(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend with a learned bias per head and bucket of offsets: (B, N, C) -> (B, N, C).

    ``mask`` is True where a key is hidden: (B, N), (B, N, N) or (B, heads, N, N).
    """
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)  # (B, heads, N, N)
    scaled = scores / d**0.5 if o.scale else scores  # T5 folds the scale into its start
    here = places(q)
    gap = behind(here, here)
    ahead = -gap
    index = bucket(ahead, o.buckets, o.farthest, not o.causal)
    values = rows_of(p.table, index)  # (N, N, heads)
    place = perm(values, 2, 0, 1)
    logits = scaled + place
    future = gap < 0 if o.causal else None
    hidden = either(future, mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
