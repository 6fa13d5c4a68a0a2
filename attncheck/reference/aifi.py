"""Intra-scale feature interaction of RT-DETR (AIFI), Zhao et al. 2023, arXiv:2304.08069, sec. 4.2.

Details as in the authors' code: positions of sines and cosines, for queries and keys alone.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.block_steps import activated
from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.kernel_steps import like_input, tokens_of
from attncheck.reference.mechanism import mechanism
from attncheck.reference.place_steps import coordinates
from attncheck.reference.sequence_steps import frequencies
from attncheck.reference.slots import layer_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import join, linear, norm, softmax


@mechanism(
    dims={"C": None, "heads": None, "F": None},
    options={"activation": "gelu", "norm_first": False, "numbered": "authors", "base": 10000.0},
    query=linear_slot("C", "C", bias=True),
    key=linear_slot("C", "C", bias=True),
    value=linear_slot("C", "C", bias=True),
    output=linear_slot("C", "C", bias=True),
    norm1=layer_norm("C"),
    up=linear_slot("C", "F", bias=True),
    down=linear_slot("F", "C", bias=True),
    norm2=layer_norm("C"),
)
def aifi(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Let the pixels of one map attend to each other, then think: (B, C, H, W) -> same."""
    t = tokens_of(x)  # (B, H·W, C)
    first, second = coordinates(x.shape[2], x.shape[3], o.numbered, x)
    theta = frequencies(x.shape[1] // 2, o.base, x)  # (C/4,)
    a = first[:, None] * theta
    b = second[:, None] * theta
    of_first = join(a.sin(), a.cos(), -1)
    of_second = join(b.sin(), b.cos(), -1)
    places = join(of_first, of_second, -1)  # (H·W, C)
    s = norm(p.norm1, t) if o.norm_first else t
    placed = s + places
    q_all = linear(p.query, placed)
    k_all = linear(p.key, placed)
    v_all = linear(p.value, s)  # values know no places
    q = split_heads(q_all, o.heads)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)
    logits = scores / d**0.5
    attention = softmax(logits, -1)
    heads = attention @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged)
    r = t + out
    u = norm(p.norm2, r) if o.norm_first else norm(p.norm1, r)
    f = linear(p.up, u)
    w = activated(f, o.activation)
    thought = linear(p.down, w)
    y = r + thought if o.norm_first else norm(p.norm2, u + thought)
    return like_input(y, x)
