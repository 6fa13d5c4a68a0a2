"""Attention in windows, Liu et al. 2021 (Swin), arXiv:2103.14030, section 3.2 and equation 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import hide, only_visible
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import linear, softmax
from attncheck.reference.windows import (
    from_windows,
    heads_in_windows,
    heads_merged,
    looked_up,
    of_pairs,
    steps_between,
    windows,
)


@mechanism(
    dims={"C": None, "heads": None, "window": 7},
    options={"bias": True, "out_bias": True, "position": True},
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    output=linear_slot("C", "C", bias="out_bias"),
    position=tensor("(2*window - 1)**2", "heads", when="position"),
)
def swin(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend inside each window: (B, C, H, W) -> same, or windows of tokens (B, w·w, C) -> same.

    ``mask``, of windows of tokens only, is True where a key is hidden: (B, N, N).
    """
    w = o.window
    t = windows(x, w) if x.ndim == 4 else x[:, None]
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
    hidden = None if mask is None else mask[:, None, None]
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = heads_merged(heads)
    out = linear(p.output, merged)
    y = from_windows(out, w, x.shape[2], x.shape[3]) if x.ndim == 4 else out[:, 0]
    return y
