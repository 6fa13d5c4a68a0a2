"""Efficient attention, Shen et al. 2018, arXiv:1812.01243, eq. 3 and 4, and authors' code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.kernel_steps import like_input, tokens_of
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, softmax


@mechanism(
    dims={"C": None, "heads": 1},
    options={"bias": True, "out_bias": True, "out": True, "residual": True, "norm": "softmax"},
    key=linear_slot("C", "K", bias="bias"),
    query=linear_slot("C", "K", bias="bias"),
    value=linear_slot("C", "V", bias="bias"),
    output=linear_slot("V", "C", bias="out_bias", when="out"),
    derived={"K": "C", "V": "C"},
)
def efficient(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Sum up values by global maps of the keys, then read them: (B, C, H, W) -> same.

    Tokens (B, N, C) are taken as they are.
    """
    t = tokens_of(x)  # (B, N, C)
    N = t.shape[1]
    k_all = linear(p.key, t)
    q_all = linear(p.query, t)
    v_all = linear(p.value, t)
    k_heads = split_heads(k_all, o.heads)  # (B, heads, N, d)
    q_heads = split_heads(q_all, o.heads)
    v = split_heads(v_all, o.heads)
    if o.norm == "scaling":
        q = q_heads / N**0.5  # eq. 3: then it equals dot-product attention
        k = k_heads / N**0.5
    else:
        q = softmax(q_heads, -1)  # over the channels of a head
        k = softmax(k_heads, -2)  # over all positions
    context = k.transpose(-1, -2) @ v  # (B, heads, d, e): one summary per global map
    heads = q @ context  # eq. 4
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    m = like_input(out, x)
    y = m + x if o.residual else m  # as in the authors' code
    return y
