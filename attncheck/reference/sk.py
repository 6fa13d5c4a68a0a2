"""Selective kernel convolution, Li et al. 2019, arXiv:1903.06586, equations 1 to 6, M = 2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu

from attncheck.reference.gate_steps import pair
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm, group_norm, layer_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, linear, mean_hw, norm, over_hw, softmax


@mechanism(
    dims={"C": None, "r": 16, "L": 32, "G": 32, "n": 1, "m": 1},
    derived={"d": "max(C // r, L)"},
    options={
        "conv_bias": False,
        "bias": False,
        "select_bias": True,
        "wide": "dilated",
        "branch": "batch",
        "squeeze": "batch",
    },
    small=conv_slot("C", "C", kernel=3, groups="G", bias="conv_bias"),
    small_norm=batch_norm("C", when="branch == batch"),
    small_groups=group_norm("C", "n", when="branch == group"),
    large=conv_slot(
        "C", "C", kernel=3, dilation=2, groups="G", bias="conv_bias", when="wide == dilated"
    ),
    large_full=conv_slot("C", "C", kernel=5, groups="G", bias="conv_bias", when="wide == 5x5"),
    large_norm=batch_norm("C", when="branch == batch"),
    large_groups=group_norm("C", "n", when="branch == group"),
    fuse=linear_slot("C", "d", bias="bias"),
    fuse_norm=batch_norm("d", rank=1, when="squeeze == batch"),
    fuse_layer=layer_norm("d", when="squeeze == layer"),
    fuse_groups=group_norm("d", "m", when="squeeze == group"),
    select_small=linear_slot("d", "C", bias="select_bias"),
    select_large=linear_slot("d", "C", bias="select_bias"),
)
def sk(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Mix two kernels, channel by channel, as both together say: (B, C, H, W) -> same."""
    c_a = conv(p.small, x)
    c_b = conv(p.large, x) if o.wide == "dilated" else conv(p.large_full, x)
    b_a = norm(p.small_norm, c_a) if o.branch == "batch" else c_a
    b_b = norm(p.large_norm, c_b) if o.branch == "batch" else c_b
    n_a = norm(p.small_groups, b_a) if o.branch == "group" else b_a
    n_b = norm(p.large_groups, b_b) if o.branch == "group" else b_b
    u_a = n_a if o.branch == "bare" else relu(n_a)
    u_b = n_b if o.branch == "bare" else relu(n_b)
    u = u_a + u_b  # eq. 1
    s = mean_hw(u)  # eq. 2
    f = linear(p.fuse, s)
    f_b = norm(p.fuse_norm, f) if o.squeeze == "batch" else f
    f_l = norm(p.fuse_layer, f_b) if o.squeeze == "layer" else f_b
    f_n = norm(p.fuse_groups, f_l) if o.squeeze == "group" else f_l
    z = relu(f_n)  # eq. 3
    l_a = linear(p.select_small, z)
    l_b = linear(p.select_large, z)
    e = pair(l_a, l_b)
    a = softmax(e, 1)  # eq. 5, over the branches
    w_a = over_hw(a[:, 0])
    w_b = over_hw(a[:, 1])
    v_a = u_a * w_a
    v_b = u_b * w_b
    y = v_a + v_b  # eq. 6
    return y
