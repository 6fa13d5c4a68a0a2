"""Efficient channel attention, Wang et al. 2020, arXiv:1910.03151, equations 5 and 9."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.steps import conv1d, mean_hw, over_hw, perm


@mechanism(
    dims={"C": None, "k": 3},
    options={"bias": False},
    mix=conv_slot("1", "1", kernel="k", rank=1, bias="bias"),
)
def eca(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate each channel by the means of its k neighbours: (B, C, H, W) -> same."""
    z = mean_hw(x)
    t = z[:, :, None]
    line = perm(t, 0, 2, 1)  # (B, 1, C): channels in a line
    u = conv1d(p.mix, line)  # one kernel shared by all channels
    back = perm(u, 0, 2, 1)
    c = back[:, :, 0]
    s = sigmoid(c)
    g = over_hw(s)
    y = x * g
    return y
