"""Efficient multi-head self-attention, Zhang and Yang 2021 (ResT), arXiv:2105.13677, eq. 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import layer_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import (
    conv,
    flat_hw,
    from_flat_hw,
    linear,
    norm,
    perm,
    softmax,
)
from attncheck.reference.talking_steps import across_heads, alike_maps


@mechanism(
    dims={"C": None, "heads": None, "R": 2, "H": None, "W": None},
    options={"bias": True, "out_bias": True, "mix_bias": True, "transform": True},
    query=linear_slot("C", "C", bias="bias"),
    reduce=conv_slot(
        "C",
        "C",
        kernel="R + 1",
        stride="R",
        padding="R // 2",
        groups="C",
        bias=True,
        when="R != 1",
    ),
    scale=layer_norm("C", when="R != 1"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    mix=linear_slot("heads", "heads", bias="mix_bias", when="transform"),
    output=linear_slot("C", "C", bias="out_bias"),
)
def emsa(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend to a smaller map with heads that mix: tokens (B, H·W, C) or a map -> same.

    With R of one nothing is reduced and nothing normalised, as in the authors' last stage.
    """
    t = x if x.ndim == 3 else perm(flat_hw(x), 0, 2, 1)
    if o.R != 1:
        rows = perm(t, 0, 2, 1)
        grid = from_flat_hw(rows, o.H, o.W)
        small = conv(p.reduce, grid)  # depthwise, of R + 1 pixels
        flat = perm(flat_hw(small), 0, 2, 1)
        z = norm(p.scale, flat)
    else:
        z = t
    q_all = linear(p.query, t)
    k_all = linear(p.key, z)
    v_all = linear(p.value, z)
    q = split_heads(q_all, o.heads)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    d = q.shape[-1]
    s = q @ k.transpose(-1, -2)
    e = s / d**0.5
    m = across_heads(p.mix, e) if o.transform else e  # a 1×1 convolution
    w = softmax(m, -1)
    a = alike_maps(w) if o.transform else w  # InstanceNorm
    heads = a @ v
    merged = merge_heads(heads)
    out = linear(p.output, merged)
    return out if x.ndim == 3 else from_flat_hw(perm(out, 0, 2, 1), o.H, o.W)
