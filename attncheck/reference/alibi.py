"""Attention with linear biases, Press et al. 2022, arXiv:2108.12409, section 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.bias_steps import per_head, slopes
from attncheck.reference.heads import hide, merge_heads, only_visible, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import behind, either, places
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={"bias": True, "out_bias": True, "out": True, "causal": True},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def alibi(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend the less the further away, by each head's slope: (B, N, C) -> (B, N, C).

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
    here = places(q)
    gap = behind(here, here)  # how far each key lies behind each query
    far = gap if o.causal else gap.abs()
    m = slopes(o.heads, q)  # one for each head, never learned
    rate = per_head(m)
    penalty = rate * far
    scaled = scores / d**0.5
    logits = scaled - penalty  # the further, the less
    future = gap < 0 if o.causal else None
    hidden = either(future, mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
