"""Efficient local attention, Xu and Wan 2024, arXiv:2403.01123, equations 5 to 9."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.gate_steps import mean_h, mean_w
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import group_norm
from attncheck.reference.steps import conv1d, norm


@mechanism(
    dims={"C": None, "k": 7, "G": 16, "S": None},
    options={"bias": False},
    conv=conv_slot("C", "C", kernel="k", groups="S", rank=1, bias="bias"),
    scale=group_norm("C", "G"),
)
def ela(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate by what lies near in the means of rows and of columns: (B, C, H, W) -> same."""
    z_h = mean_w(x).flatten(2)  # eq. 5, (B, C, H)
    z_w = mean_h(x).flatten(2)  # eq. 6, (B, C, W)
    f_h = conv1d(p.conv, z_h)  # one convolution and one norm for both
    f_w = conv1d(p.conv, z_w)
    n_h = norm(p.scale, f_h)
    n_w = norm(p.scale, f_w)
    s_h = sigmoid(n_h)  # eq. 7
    s_w = sigmoid(n_w)  # eq. 8
    g_h = s_h[:, :, :, None]
    g_w = s_w[:, :, None, :]
    y_h = x * g_h
    y = y_h * g_w  # eq. 9
    return y
