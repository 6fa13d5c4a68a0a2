"""Differential attention, Ye et al. 2024, arXiv:2410.05258, equations 1 to 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.difference_steps import rms_normed, two_maps
from attncheck.reference.heads import hide, merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import behind, places
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import rms_norm, tensor
from attncheck.reference.steps import linear, norm, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None},
    derived={"I": "2 * heads * head_dim"},
    options={
        "bias": False,
        "out_bias": False,
        "out": True,
        "causal": True,
        "lam": 0.8,
        "pairs": "interleaved",
        "affine": True,
    },
    q1=tensor("head_dim"),
    k1=tensor("head_dim"),
    q2=tensor("head_dim"),
    k2=tensor("head_dim"),
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    head_norm=rms_norm("2 * head_dim", when="affine"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def differential(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend by the difference of two maps, so that noise cancels: (B, N, C) -> (B, N, C)."""
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, 2 * o.heads)  # (B, 2·heads, N, d): two maps for each head
    k = split_heads(k_all, 2 * o.heads)
    v = split_heads(v_all, o.heads)  # (B, heads, N, 2·d)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)
    logits = scores / d**0.5
    here = places(q)
    gap = behind(here, here)
    future = gap < 0 if o.causal else None
    masked = hide(logits, future)
    attention = softmax(masked, -1)
    first, second = two_maps(attention, o.pairs)
    gain = (p.q1 * p.k1).sum().exp()
    loss = (p.q2 * p.k2).sum().exp()
    lam = gain - loss + o.lam  # eq. 2
    noise = lam * second
    weights = first - noise  # eq. 1
    seen = weights @ v
    normed = norm(p.head_norm, seen) if o.affine else rms_normed(seen)  # each head on its own
    heads = normed * (1 - o.lam)  # eq. 3
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
