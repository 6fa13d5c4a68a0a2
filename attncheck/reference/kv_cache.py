"""Decoding with a cache of keys and values, Shazeer 2019, arXiv:1911.02150, section 2.4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.sequence_steps import behind, places
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import join, linear, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={"bias": True, "out_bias": True, "out": True},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def kv_cache(
    p: Any, o: SimpleNamespace, x: Tensor, past: Any = None
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """Attend to the cached tokens and to these up to each: (B, N, C) -> (B, N, C) and a cache.

    ``past`` is the cache that the call before has returned: keys and values, (B, heads, T, d).
    """
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k_new = split_heads(k_all, o.heads)
    v_new = split_heads(v_all, o.heads)
    k = k_new if past is None else join(past[0], k_new, 2)
    v = v_new if past is None else join(past[1], v_new, 2)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)  # (B, heads, N, T + N)
    logits = scores / d**0.5
    there = places(k)  # 0 … T + N - 1
    cached = k.shape[2] - q.shape[2]
    own = places(q)
    here = own + cached  # the new tokens come after those in the cache
    gap = behind(here, there)
    future = gap < 0  # connections to later positions
    masked = hide(logits, future)
    weights = softmax(masked, -1)
    heads = weights @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out, (k, v)
