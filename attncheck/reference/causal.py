"""Causal self-attention, Vaswani et al. 2017, arXiv:1706.03762, section 3.2.3: the decoder's."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, merge_heads, only_visible, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import behind, either, places
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={"bias": True, "out_bias": True, "out": True},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def causal(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend to a token and those before it: (B, N, C) -> (B, N, C).

    ``mask`` is True where a key is hidden besides: (B, N), (B, N, N) or (B, heads, N, N).
    """
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)  # (B, heads, N, N)
    logits = scores / d**0.5
    here = places(q)
    there = places(k)
    gap = behind(here, there)
    future = gap < 0  # connections to later positions
    hidden = either(future, mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = attention if mask is None else only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
