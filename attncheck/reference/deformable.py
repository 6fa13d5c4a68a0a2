"""Deformable attention over a map, Xia et al. 2022 (DAT), arXiv:2201.00520, equations 4 to 10."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, tanh
from torch.nn.functional import gelu

from attncheck.reference.deformable_steps import (
    frame,
    merge_groups,
    read_at,
    split_groups,
)
from attncheck.reference.grid_heads import heads_of_map, map_of_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, pointwise, softmax


@mechanism(
    dims={"C": None, "heads": None, "groups": 1, "n": 5},
    derived={"c": "C // groups"},
    options={
        "bias": True,
        "out_bias": True,
        "offset_bias": True,
        "network": False,
        "range": "free",
        "corners": False,
    },
    query=linear_slot("C", "C", bias="bias"),
    near=conv_slot("c", "c", kernel="n", groups="c", bias=True, when="network"),
    offset=linear_slot("c", "2", bias="offset_bias"),
    key=linear_slot("C", "C", bias="bias"),
    value=linear_slot("C", "C", bias="bias"),
    output=linear_slot("C", "C", bias="out_bias"),
)
def deformable(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend to what lies at places that the queries choose: (B, C, H, W) -> same."""
    H = x.shape[2]
    W = x.shape[3]
    q_map = pointwise(p.query, x)
    q_g = split_groups(q_map, o.groups)  # (B·groups, C / groups, H, W)
    n = gelu(conv(p.near, q_g)) if o.network else q_g
    raw = pointwise(p.offset, n)  # (B·groups, 2, H, W): column before row
    f = frame(x)  # column before row, too
    place = f[0]
    size = f[1]
    step = tanh(raw) * size / 2 if o.range == "bounded" else raw
    at = place + step
    share = at / (size - 1) if o.corners else (at + 0.5) / size
    unit = 2 * share - 1  # -1 and 1 are the corner pixels' centres, or their outer edges
    x_g = split_groups(x, o.groups)
    seen_g = read_at(x_g, unit, o.corners)  # eq. 7
    seen = merge_groups(seen_g, o.groups)
    k_map = pointwise(p.key, seen)
    v_map = pointwise(p.value, seen)
    q = heads_of_map(q_map, o.heads)  # (B, heads, N, d)
    k = heads_of_map(k_map, o.heads)
    v = heads_of_map(v_map, o.heads)
    d = q.shape[-1]
    s = q @ k.transpose(-1, -2)
    e = s / d**0.5
    a = softmax(e, -1)
    m = a @ v
    t = map_of_heads(m, H, W)
    y = pointwise(p.output, t)
    return y
