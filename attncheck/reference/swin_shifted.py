"""Attention in shifted windows, Liu et al. 2021 (Swin), arXiv:2103.14030, section 3.2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import flat_hw, from_flat_hw, linear, perm, softmax
from attncheck.reference.windows import (
    apart,
    crossed,
    from_windows,
    heads_in_windows,
    heads_merged,
    looked_up,
    masked_by,
    of_pairs,
    part_of,
    rolled,
    steps_between,
    windows,
)


@mechanism(
    dims={"C": None, "heads": None, "window": 7, "shift": 3},
    options={"bias": True, "out_bias": True, "position": True, "mask": "hidden"},
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    output=linear_slot("C", "C", bias="out_bias"),
    position=tensor("(2*window - 1)**2", "heads", when="position"),
)
def swin_shifted(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend inside windows of a grid moved by s: (B, C, H, W) -> same, or its tokens."""
    w = o.window
    grid = x if x.ndim == 4 else from_flat_hw(perm(x, 0, 2, 1), o.H, o.W)
    H = grid.shape[2]
    W = grid.shape[3]
    s = o.shift
    back = -s
    moved = rolled(grid, back)
    t = windows(moved, w)
    upper = part_of(H, w, s, grid)
    left = part_of(W, w, s, grid)
    tens = 3 * upper
    parts = crossed(tens, left)
    labels = windows(parts, w)  # (1, windows, w², 1)
    hidden = apart(labels)[:, :, None]
    q_all = linear(p.query, t)
    k_all = linear(p.key, t)
    v_all = linear(p.value, t)
    q = heads_in_windows(q_all, o.heads)  # (B, windows, heads, w², d)
    k = heads_in_windows(k_all, o.heads)
    v = heads_in_windows(v_all, o.heads)
    d = q.shape[-1]
    scores = q @ k.transpose(-1, -2)
    scaled = scores / d**0.5
    step = steps_between(w)
    reach = 2 * w - 1
    rows = step * reach  # the table runs over row offsets, in each over column offsets
    index = of_pairs(rows, step)
    bias = looked_up(p.position, index) if o.position else 0
    logits = scaled + bias  # eq. 4
    masked = masked_by(logits, hidden, o.mask)
    attention = softmax(masked, -1)
    heads = attention @ v
    merged = heads_merged(heads)
    out = linear(p.output, merged)
    placed = from_windows(out, w, H, W)
    y = rolled(placed, s)
    return y if x.ndim == 4 else perm(flat_hw(y), 0, 2, 1)
