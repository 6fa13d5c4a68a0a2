"""Sliding-window attention, Beltagy et al. 2020, arXiv:2004.05150, section 3.1, and the causal one.

The causal window is that of Mistral 7B, Jiang et al. 2023, arXiv:2310.06825, section 2.
"""

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
    dims={"C": None, "heads": None, "head_dim": None, "window": None},
    derived={"I": "heads * head_dim"},
    options={"bias": True, "out_bias": True, "out": True, "side": "before"},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def sliding_window(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend to the neighbours of each token: (B, N, C) -> (B, N, C).

    ``before``: itself and the window - 1 tokens before it; ``half``: window // 2 on each side;
    ``each``: window on each side.

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
    if o.side == "before":
        oldest = o.window - 1  # with itself, as many keys as the window has
        future = gap < 0
        past = gap > oldest
        outside = future | past
    else:
        reach = o.window // 2 if o.side == "half" else o.window
        distance = gap.abs()
        outside = distance > reach
    hidden = either(outside, mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = attention if mask is None else only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
