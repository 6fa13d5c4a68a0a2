"""Window attention of Swin v2, Liu et al. 2021, arXiv:2111.09883, equations 2 to 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.bias_steps import per_head
from attncheck.reference.context_steps import unit_length
from attncheck.reference.cosine_steps import at_most, offset_grid
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
    dims={"C": None, "heads": None, "window": 8, "P": 512},
    options={"bias": True, "out_bias": True},
    query=linear_slot("C", "C", bias="bias"),
    key=linear_slot("C", "C"),
    value=linear_slot("C", "C", bias="bias"),
    tau=tensor("heads"),
    first=linear_slot("2", "P", bias=True),
    second=linear_slot("P", "heads"),
    output=linear_slot("C", "C", bias="out_bias"),
)
def swin_v2(p: Any, o: SimpleNamespace, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attend inside each window: (B, C, H, W) -> same, or windows of tokens (B, w·w, C) -> same.

    ``mask``, of windows of tokens only, is True where a key is hidden: (B, N, N).
    """
    w = o.window
    t = windows(x, w) if x.ndim == 4 else x[:, None]
    q_all = linear(p.query, t)
    k_all = linear(p.key, t)  # without a bias
    v_all = linear(p.value, t)
    q_own = heads_in_windows(q_all, o.heads)  # (B, windows, heads, w², d)
    k_own = heads_in_windows(k_all, o.heads)
    v = heads_in_windows(v_all, o.heads)
    q = unit_length(q_own, -1)
    k = unit_length(k_own, -1)
    cos = q @ k.transpose(-1, -2)
    small = at_most(p.tau, 100.0)
    rate = per_head(small.exp())
    scaled = cos * rate
    grid = offset_grid(w, x)  # ((2w - 1)², 2)
    wide = grid * 8
    size = wide.abs() + 1
    near = wide.sign() * size.log2() / 3  # eq. 4, between -1.06 and 1.06
    h = linear(p.first, near)
    a = relu(h)
    table = linear(p.second, a)  # eq. 3: a small network in place of a table
    step = steps_between(w)
    reach = 2 * w - 1
    rows = step * reach
    index = of_pairs(rows, step)
    raw = looked_up(table, index)
    bias = 16 * sigmoid(raw)
    logits = scaled + bias  # eq. 2
    hidden = None if mask is None else mask[:, None, None]
    masked = hide(logits, hidden)
    attention = softmax(masked, -1)
    weights = only_visible(attention, hidden)
    heads = weights @ v
    merged = heads_merged(heads)
    out = linear(p.output, merged)
    y = from_windows(out, w, x.shape[2], x.shape[3]) if x.ndim == 4 else out[:, 0]
    return y
