"""Attention of the bottleneck transformer, Srinivas et al. 2021, arXiv:2101.11605, figure 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.grid_heads import (
    along_columns,
    along_rows,
    crossed_places,
    heads_of_map,
    map_of_heads,
    over_keys,
)
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import pointwise, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None, "H": None, "W": None},
    derived={"I": "heads * head_dim"},
    options={
        "bias": False,
        "position": "relative",
        "scale": "both",
    },
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    height=tensor("2*H - 1", "head_dim", when="position == relative"),
    width=tensor("2*W - 1", "head_dim", when="position == relative"),
    rows=tensor("H", "head_dim", when="position == absolute"),
    columns=tensor("W", "head_dim", when="position == absolute"),
    head_rows=tensor("heads", "H", "head_dim", when="position == headwise"),
    head_columns=tensor("heads", "W", "head_dim", when="position == headwise"),
)
def botnet(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Weigh all positions by content and by where they lie: (B, C, H, W) -> (B, I, H, W)."""
    H = x.shape[2]
    W = x.shape[3]
    q_map = pointwise(p.query, x)
    k_map = pointwise(p.key, x)
    v_map = pointwise(p.value, x)
    q_all = heads_of_map(q_map, o.heads)  # (B, heads, N, d)
    k = heads_of_map(k_map, o.heads)
    v = heads_of_map(v_map, o.heads)
    d = q_all.shape[-1]
    q = q_all / d**0.5 if o.scale == "both" else q_all
    content = q @ k.transpose(-1, -2)
    if o.position == "relative":
        up = along_rows(q, p.height, H, W, H)
        left = along_columns(q, p.width, H, W, W)
        place = over_keys(up, left)
    elif o.position == "none":
        place = 0 * content
    else:
        shared = o.position == "absolute"
        r_h = p.rows if shared else p.head_rows
        r_w = p.columns if shared else p.head_columns
        r = crossed_places(r_h, r_w)  # ([heads,] N, d)
        place = q @ r.transpose(-1, -2)
    seen = content / d**0.5 if o.scale == "content" else content
    logits = seen + place
    a = softmax(logits, -1)
    m = a @ v
    y = map_of_heads(m, H, W)
    return y
