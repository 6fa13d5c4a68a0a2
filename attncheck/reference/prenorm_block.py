"""Pre-norm transformer block, Xiong et al. 2020, arXiv:2002.04745, table 1, right."""

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
    norm1=layer_norm("C"),
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    output=linear_slot("C", "C", bias="out_bias"),
    norm2=layer_norm("C"),
    up=linear_slot("C", "F", bias="ffn_bias"),
    down=linear_slot("F", "C", bias="ffn_bias"),
)
def prenorm_block(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend, then think per token, each normalised first and added: (B, N, C) -> same.

    ``mask`` is True where a key is hidden: (B, N), (B, N, N) or (B, heads, N, N).
    """
    n = norm(p.norm1, x)
    q_all = linear(p.query, n)
    k_all = linear(p.key, n)
    v_all = linear(p.value, n)
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
    r = x + attended  # nothing on the way from input to output is normalised
    t = norm(p.norm2, r)
    f = linear(p.up, t)
    a = activated(f, o.activation)
    g = linear(p.down, a)
    y = r + g
    return y
