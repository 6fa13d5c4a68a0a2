"""Coordinate attention, Hou et al. 2021, arXiv:2103.02907, equations 4 to 9."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid
from torch.nn.functional import hardswish

from attncheck.reference.gate_steps import mean_h, mean_w
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import join, norm, perm, pointwise


@mechanism(
    dims={"C": None, "r": 32},
    derived={"m": "max(8, C // r)"},
    options={"reduce_bias": True, "gate_bias": True, "act": "hardswish"},
    reduce=linear_slot("C", "m", bias="reduce_bias"),
    scale=batch_norm("m"),
    gate_h=linear_slot("m", "C", bias="gate_bias"),
    gate_w=linear_slot("m", "C", bias="gate_bias"),
)
def ca(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate by the means of one's row and of one's column: (B, C, H, W) -> same."""
    H = x.shape[2]
    z_h = mean_w(x)  # eq. 4, (B, C, H, 1)
    z_w = mean_h(x)  # eq. 5, (B, C, 1, W)
    z_t = perm(z_w, 0, 1, 3, 2)
    z = join(z_h, z_t, 2)  # (B, C, H + W, 1)
    a = pointwise(p.reduce, z)  # rows and columns share one matrix
    n = norm(p.scale, a)
    f = relu(n) if o.act == "relu" else hardswish(n)  # eq. 6
    f_h = f[:, :, :H]
    f_t = f[:, :, H:]
    f_w = perm(f_t, 0, 1, 3, 2)
    u_h = pointwise(p.gate_h, f_h)
    u_w = pointwise(p.gate_w, f_w)
    g_h = sigmoid(u_h)  # eq. 7, (B, C, H, 1)
    g_w = sigmoid(u_w)  # eq. 8, (B, C, 1, W)
    y_h = x * g_h
    y = y_h * g_w  # eq. 9
    return y
