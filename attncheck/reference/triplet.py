"""Triplet attention, Misra et al. 2021, arXiv:2010.03045, equations 1 to 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.steps import conv, join, max_c, mean_c, norm, perm


@mechanism(
    dims={"k": 7},
    options={"spatial": True, "rotated": False},
    cw=conv_slot("2", "1", kernel="k"),
    cw_norm=batch_norm("1"),
    hc=conv_slot("2", "1", kernel="k"),
    hc_norm=batch_norm("1"),
    hw=conv_slot("2", "1", kernel="k", when="spatial"),
    hw_norm=batch_norm("1", when="spatial"),
)
def triplet(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate by pairs of axes, each pooled over the third: (B, C, H, W) -> same."""
    t = perm(x, 0, 2, 3, 1) if o.rotated else perm(x, 0, 2, 1, 3)  # height in the channels' place
    t_max = max_c(t)
    t_mean = mean_c(t)
    t_z = join(t_max, t_mean)  # eq. 1, Z-pool
    t_u = conv(p.cw, t_z)
    t_l = norm(p.cw_norm, t_u)
    t_g = sigmoid(t_l)
    t_y = t * t_g
    y_cw = perm(t_y, 0, 3, 1, 2) if o.rotated else perm(t_y, 0, 2, 1, 3)
    s = perm(x, 0, 3, 1, 2) if o.rotated else perm(x, 0, 3, 2, 1)  # width in the channels' place
    s_max = max_c(s)
    s_mean = mean_c(s)
    s_z = join(s_max, s_mean)
    s_u = conv(p.hc, s_z)
    s_l = norm(p.hc_norm, s_u)
    s_g = sigmoid(s_l)
    s_y = s * s_g
    y_hc = perm(s_y, 0, 2, 3, 1) if o.rotated else perm(s_y, 0, 3, 2, 1)
    both = y_cw + y_hc
    if not o.spatial:
        half = both / 2
        return half
    x_max = max_c(x)
    x_mean = mean_c(x)
    x_z = join(x_max, x_mean)
    x_u = conv(p.hw, x_z)
    x_l = norm(p.hw_norm, x_u)
    x_g = sigmoid(x_l)
    y_hw = x * x_g
    total = both + y_hw
    y = total / 3  # eq. 3, the mean of the branches
    return y
