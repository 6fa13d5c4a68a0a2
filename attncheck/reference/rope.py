"""Self-attention with rotary positions, Su et al. 2021, arXiv:2104.09864, equations 16 and 34."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, merge_heads, only_visible, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import (
    behind,
    either,
    frequencies,
    neighbours,
    other_half,
    other_neighbour,
    places,
)
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import join, linear, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={
        "bias": True,
        "out_bias": True,
        "out": True,
        "causal": False,
        "pairing": "interleaved",
        "base": 10000.0,
    },
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def rope(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Turn queries and keys by their positions, then attend: (B, N, C) -> (B, N, C).

    ``mask`` is True where a key is hidden besides: (B, N), (B, N, N) or (B, heads, N, N).
    """
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    theta = frequencies(d, o.base, q)  # how fast each pair of channels turns
    here = places(q)
    angle = here[:, None] * theta  # (N, d/2)
    wide = join(angle, angle, -1) if o.pairing == "half" else neighbours(angle)
    cos = wide.cos()
    sin = wide.sin()
    q_partner = other_half(q) if o.pairing == "half" else other_neighbour(q)
    k_partner = other_half(k) if o.pairing == "half" else other_neighbour(k)
    q_along = q * cos  # eq. 34
    q_across = q_partner * sin
    q_turned = q_along + q_across
    k_along = k * cos
    k_across = k_partner * sin
    k_turned = k_along + k_across
    scores = q_turned @ k_turned.transpose(-1, -2)  # eq. 16: depends on the distance alone
    logits = scores / d**0.5
    gap = behind(here, here)
    future = gap < 0 if o.causal else None
    hidden = either(future, mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = attention if mask is None else only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
