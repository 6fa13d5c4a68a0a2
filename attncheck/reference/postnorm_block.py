"""Transformer encoder layer, Vaswani et al. 2017, arXiv:1706.03762, sections 3.1 to 3.3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.block_steps import activated
from attncheck.reference.heads import hide, merge_heads, only_visible, over_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import layer_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, softmax


@mechanism(
    dims={"C": None, "heads": None, "F": None},
    options={"bias": True, "out_bias": True, "ffn_bias": True, "activation": "relu"},
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    output=linear_slot("C", "C", bias="out_bias"),
    norm1=layer_norm("C"),
    up=linear_slot("C", "F", bias="ffn_bias"),
    down=linear_slot("F", "C", bias="ffn_bias"),
    norm2=layer_norm("C"),
)
def postnorm_block(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend, then think per token, each summed with its input and normalised: (B, N, C) -> same.

    ``mask`` is True where a key is hidden: (B, N), (B, N, N) or (B, heads, N, N).
    """
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)
    logits = scores / d**0.5
    hidden = None if mask is None else over_heads(mask)
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = merge_heads(heads)
    attended = linear(p.output, merged)
    r = x + attended
    t = norm(p.norm1, r)  # LayerNorm(x + Sublayer(x))
    f = linear(p.up, t)
    a = activated(f, o.activation)
    g = linear(p.down, a)  # section 3.3
    s = t + g
    y = norm(p.norm2, s)
    return y
