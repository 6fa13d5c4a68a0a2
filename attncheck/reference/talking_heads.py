"""Talking-heads attention, Shazeer et al. 2020, arXiv:2003.02436, section 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, merge_heads, only_visible, over_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax
from attncheck.reference.talking_steps import across_heads


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={"bias": True, "out_bias": True, "talk_bias": False, "out": True},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    before=linear_slot("heads", "heads", bias="talk_bias"),
    after=linear_slot("heads", "heads", bias="talk_bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def talking_heads(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend with heads that mix their logits and their weights: (B, N, C) -> (B, N, C).

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
    logits = scores / d**0.5
    talked = across_heads(p.before, logits)  # P_l, before the softmax
    hidden = None if mask is None else over_heads(mask)
    masked = hide(talked, hidden)
    attention = softmax(masked, -1)
    weights = across_heads(p.after, attention)  # P_w, after it
    seen = only_visible(weights, hidden)
    heads = seen @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
