"""Grouped-query attention, Ainslie et al. 2023, arXiv:2305.13245, section 2.2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, merge_heads, only_visible, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import behind, either, places, repeat_heads
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "heads": None, "kv_heads": None, "head_dim": None},
    options={"bias": True, "out_bias": True, "out": True, "causal": False},
    query=linear_slot("C", "heads * head_dim", bias="bias"),
    key=linear_slot("C", "kv_heads * head_dim", bias="bias"),
    value=linear_slot("C", "kv_heads * head_dim", bias="bias"),
    output=linear_slot("heads * head_dim", "C", bias="out_bias", when="out"),
)
def gqa(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Let neighbouring query heads share a key and a value head: (B, N, C) -> (B, N, C).

    ``mask`` is True where a key is hidden besides: (B, N), (B, N, N) or (B, heads, N, N).
    """
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k_own = split_heads(k_all, o.kv_heads)  # (B, groups, N, d)
    v_own = split_heads(v_all, o.kv_heads)
    times = o.heads // o.kv_heads
    k = repeat_heads(k_own, times)  # one key head for each group of query heads
    v = repeat_heads(v_own, times)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)  # (B, heads, N, N)
    logits = scores / d**0.5
    here = places(q)
    there = places(k)
    gap = behind(here, there)
    future = gap < 0 if o.causal else None
    hidden = either(future, mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = attention if mask is None else only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
