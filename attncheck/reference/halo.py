"""Blocked local attention with a halo, Vaswani et al. 2021 (HaloNet), arXiv:2103.12731."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, ones_like

from attncheck.reference.grid_heads import along_columns, along_rows, over_keys
from attncheck.reference.heads import hide
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import pointwise, softmax
from attncheck.reference.windows import (
    from_windows,
    halos,
    heads_in_windows,
    heads_merged,
    windows,
)


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None, "block": 8, "halo": 3},
    derived={"I": "heads * head_dim", "size": "block + 2 * halo"},
    options={"bias": False, "out": False, "out_bias": True, "position": False, "scale": "both"},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    height=tensor("2*size - 1", "head_dim", when="position"),
    width=tensor("2*size - 1", "head_dim", when="position"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def halo(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Let each block see itself and its halo: (B, C, H, W) -> (B, C2, H, W)."""
    b = o.block
    size = b + 2 * o.halo
    q_map = pointwise(p.query, x)
    k_map = pointwise(p.key, x)
    v_map = pointwise(p.value, x)
    q_own = windows(q_map, b)  # (B, blocks, b², I)
    k_own = halos(k_map, b, o.halo)  # (B, blocks, size², I)
    v_own = halos(v_map, b, o.halo)
    q_all = heads_in_windows(q_own, o.heads)
    k = heads_in_windows(k_own, o.heads)
    v = heads_in_windows(v_own, o.heads)
    d = q_all.shape[-1]
    q = q_all / d**0.5 if o.scale == "both" else q_all
    content = q @ k.transpose(-1, -2)
    seen = content / d**0.5 if o.scale == "content" else content
    if o.position:
        up = along_rows(q, p.height, b, b, size)
        left = along_columns(q, p.width, b, b, size)
        place = over_keys(up, left)
        seen = seen + place
    one = ones_like(x[:1, :1])
    inside = halos(one, b, o.halo)  # (1, blocks, size², 1), 0 beyond the map
    outside = inside.transpose(-1, -2) == 0
    logits = hide(seen, outside[:, :, None])
    a = softmax(logits, -1)
    m = a @ v
    merged = heads_merged(m)
    placed = from_windows(merged, b, x.shape[2], x.shape[3])
    y = pointwise(p.output, placed) if o.out else placed
    return y
