"""Linformer, Wang et al. 2020, arXiv:2006.04768, equation 7."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.bias_steps import shortened
from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None, "T": None, "k": None},
    derived={"I": "heads * head_dim"},
    options={"bias": True, "out_bias": True, "out": True, "sharing": "none", "rank_bias": False},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    E=linear_slot("T", "k", bias="rank_bias"),
    F=linear_slot("T", "k", bias="rank_bias", when="sharing == none"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def linformer(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend to a fixed number of learned mixtures of the keys: (B, N, C) -> (B, N, C)."""
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    k_long = k.transpose(-1, -2)  # (B, heads, d, N)
    v_long = v.transpose(-1, -2)
    k_short = shortened(p.E, k_long)  # (B, heads, d, k)
    v_short = shortened(p.E if o.sharing == "key-value" else p.F, v_long)
    scores = q @ k_short  # (B, heads, N, k)
    logits = scores / d**0.5
    weights = softmax(logits, -1)
    heads = weights @ v_short.transpose(-1, -2)  # eq. 7
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
