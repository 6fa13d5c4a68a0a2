"""Cross-attention, Vaswani et al. 2017, arXiv:1706.03762, section 3.2.3: encoder-decoder."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, merge_heads, only_visible, over_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "D": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={"bias": True, "out_bias": True, "out": True},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("D", "I", bias="bias"),
    value=linear_slot("D", "I", bias="bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def cross(
    p: Any,
    o: SimpleNamespace,
    query: Tensor,
    key: Tensor,
    value: Tensor | None = None,
    mask: Tensor | None = None,
) -> Tensor:
    """Attend from one sequence to another: (B, N, C), (B, M, D) -> (B, N, C).

    Without values of their own the keys' sequence gives them. ``mask`` is True where a key is
    hidden: (B, M), (B, N, M) or (B, heads, N, M).
    """
    memory = key if value is None else value
    q_all = linear(p.query, query)  # queries come from the decoder
    k_all = linear(p.key, key)  # keys and values from the encoder
    v_all = linear(p.value, memory)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)  # (B, heads, M, d)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)  # (B, heads, N, M)
    logits = scores / d**0.5
    hidden = None if mask is None else over_heads(mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
