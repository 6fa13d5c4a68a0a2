"""Mixed local channel attention, Wan et al. 2023, doi:10.1016/j.engappai.2023.106442, section 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.cell_steps import cells
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.steps import conv1d, flat_hw, from_flat_hw, mean_hw, over_hw, perm


@mechanism(
    dims={"C": None, "k": 3, "m": 5, "share": 0.5},
    options={"bias": False},
    local=conv_slot("1", "1", kernel="k", rank=1, bias="bias"),
    whole=conv_slot("1", "1", kernel="k", rank=1, bias="bias"),
)
def mlca(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate by neighbouring channels' means, of cells and of the map: (B, C, H, W) -> same."""
    c = cells(x, o.m, o.m)
    flat = flat_hw(c)
    turned = perm(flat, 0, 2, 1)  # (B, m·m, C)
    line = turned.flatten(1)[:, None]  # cell after cell, in each its channels
    u = conv1d(p.local, line)
    apart = u.reshape(turned.shape)
    back = perm(apart, 0, 2, 1)
    grid = from_flat_hw(back, o.m, o.m)
    near = sigmoid(grid)
    z = mean_hw(c)
    v = conv1d(p.whole, z[:, None])  # channels in a line
    e = v[:, 0]
    s = sigmoid(e)
    far = over_hw(s)
    own = o.share * near
    all_cells = (1 - o.share) * far
    mixed = own + all_cells
    g = cells(mixed, x.shape[2], x.shape[3])  # each pixel the mean of the cells that it lies in
    y = x * g
    return y
