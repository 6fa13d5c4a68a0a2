"""Transformer decoder layer, Vaswani et al. 2017, arXiv:1706.03762, section 3.1, or norms first.

Without causality and with norms after it is the layer of BLIP-2's Q-Former, Li et al. 2023,
arXiv:2301.12597, section 3.1.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.block_steps import activated
from attncheck.reference.corner import composed
from attncheck.reference.heads import hide, merge_heads, only_visible, over_heads, split_heads
from attncheck.reference.sequence_steps import behind, places
from attncheck.reference.slots import layer_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, softmax


@composed(
    dims={"C": None, "D": None, "F": None, "heads": None},
    options={
        "bias": True,
        "out_bias": True,
        "ffn_bias": True,
        "activation": "relu",
        "norm_first": False,
        "causal": False,
    },
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    output=linear_slot("C", "C", bias="out_bias"),
    norm1=layer_norm("C"),
    cross_query=linear_slot("C", "C", bias="bias"),
    cross_key=linear_slot("D", "C", bias="bias"),
    cross_value=linear_slot("D", "C", bias="bias"),
    cross_output=linear_slot("C", "C", bias="out_bias"),
    norm2=layer_norm("C"),
    up=linear_slot("C", "F", bias="ffn_bias"),
    down=linear_slot("F", "C", bias="ffn_bias"),
    norm3=layer_norm("C"),
)
def decoder_block(
    p: Any, o: SimpleNamespace, query: Tensor, key: Tensor, mask: Tensor | None = None
) -> Tensor:
    """Attend to oneself, then to the memory, then think: (B, N, C), (B, M, D) -> (B, N, C).

    ``mask`` is True where a token of the memory is hidden: (B, M), (B, N, M), (B, heads, N, M).
    """
    t = norm(p.norm1, query) if o.norm_first else query
    q_all = linear(p.query, t)
    k_all = linear(p.key, t)
    v_all = linear(p.value, t)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)
    logits = scores / d**0.5
    here = places(q)
    gap = behind(here, here)
    future = gap < 0 if o.causal else None
    seen = hide(logits, future)
    attention = softmax(seen, -1)
    heads = attention @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged)
    r = query + out
    a = r if o.norm_first else norm(p.norm1, r)
    u = norm(p.norm2, a) if o.norm_first else a
    q2_all = linear(p.cross_query, u)
    k2_all = linear(p.cross_key, key)
    v2_all = linear(p.cross_value, key)
    q2 = split_heads(q2_all, o.heads)
    k2 = split_heads(k2_all, o.heads)  # (B, heads, M, d)
    v2 = split_heads(v2_all, o.heads)
    scores2 = q2 @ k2.transpose(-1, -2)
    logits2 = scores2 / d**0.5
    hidden = None if mask is None else over_heads(mask)
    masked = hide(logits2, hidden)
    attention2 = softmax(masked, -1)
    weights = only_visible(attention2, hidden)
    heads2 = weights @ v2
    merged2 = merge_heads(heads2)
    out2 = linear(p.cross_output, merged2)
    r2 = a + out2
    b = r2 if o.norm_first else norm(p.norm2, r2)
    w = norm(p.norm3, b) if o.norm_first else b
    f = linear(p.up, w)
    g = activated(f, o.activation)
    thought = linear(p.down, g)
    r3 = b + thought
    y = r3 if o.norm_first else norm(p.norm3, r3)
    return y
