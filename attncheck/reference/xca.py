"""Cross-covariance attention, El-Nouby et al. 2021 (XCiT), arXiv:2106.09681, section 3.2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.context_steps import unit_length
from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import linear, perm, softmax


@mechanism(
    dims={"C": None, "heads": None},
    options={"bias": True, "out_bias": True},
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    temperature=tensor("heads", start=1.0),
    output=linear_slot("C", "C", bias="out_bias"),
)
def xca(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Let channels of a head attend to each other: tokens (B, N, C) -> same."""
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q_heads = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k_heads = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    q = unit_length(q_heads, 2)  # each channel over all tokens
    k = unit_length(k_heads, 2)
    s = q.transpose(-1, -2) @ k  # (B, heads, d, d): cross-covariance
    rate = p.temperature[:, None, None]  # one per head; the paper divides by its inverse
    e = s * rate
    a = softmax(e, -1)  # over the channels of the keys
    heads = v @ perm(a, 0, 1, 3, 2)
    merged = merge_heads(heads)
    out = linear(p.output, merged)
    return out
