"""Relative position representations, Shaw et al. 2018, arXiv:1803.02155, eq. 3 and 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.bias_steps import clipped, rows_of
from attncheck.reference.heads import hide, merge_heads, only_visible, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import behind, either, places
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None, "reach": 4},
    derived={"I": "heads * head_dim"},
    options={"bias": True, "out_bias": True, "out": True, "of_values": True, "causal": False},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    of_keys=tensor("2 * reach + 1", "head_dim"),
    values_table=tensor("2 * reach + 1", "head_dim", when="of_values"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def relative(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend with learned vectors of clipped offsets, in keys and values: (B, N, C) -> same.

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
    gap = behind(here, here)
    ahead = -gap  # j - i
    index = clipped(ahead, o.reach)  # section 3.2
    a_k = rows_of(p.of_keys, index)  # (N, N, d), the same for all heads
    by_query = q[..., None, :]  # (B, heads, N, 1, d)
    placed = by_query * a_k
    place = placed.sum(-1)
    logits = (scores + place) / d**0.5  # eq. 4
    future = gap < 0 if o.causal else None
    hidden = either(future, mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    contents = weights @ v
    if o.of_values:
        a_v = rows_of(p.values_table, index)
        by_key = weights[..., None] * a_v  # (B, heads, N, N, d)
        shifts = by_key.sum(3)
        heads = contents + shifts  # eq. 3
    else:
        heads = contents
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
