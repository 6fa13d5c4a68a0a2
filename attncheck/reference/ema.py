"""Efficient multi-scale attention, Ouyang et al. 2023, arXiv:2305.13563, section III, figure 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.grouping_steps import from_groups, into_groups
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import group_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import (
    conv,
    flat_hw,
    from_flat_hw,
    join,
    linear,
    mean_hw,
    norm,
    perm,
    softmax,
)


@mechanism(
    dims={"C": None, "G": 32},
    derived={"n": "C // G"},
    conv1x1=linear_slot("n", "n", bias=True),
    conv3x3=conv_slot("n", "n", kernel=3, bias=True),
    gn=group_norm("n", "n"),
)
def ema(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate each group's positions by two branches that weigh each other: (B, C, H, W) -> same."""
    C = x.shape[1]
    H = x.shape[2]
    W = x.shape[3]
    t = into_groups(x, o.n)
    z_h = t.mean(3)  # (B·G, n, H)
    z_w = t.mean(2)  # (B·G, n, W)
    z = join(z_h, z_w, 2)
    c = perm(z, 0, 2, 1)
    f = linear(p.conv1x1, c)  # one matrix for rows and columns
    d = perm(f, 0, 2, 1)
    u_h = d[:, :, :H]
    u_w = d[:, :, H:]
    s_h = sigmoid(u_h)
    s_w = sigmoid(u_w)
    g_h = s_h[:, :, :, None]
    g_w = s_w[:, :, None, :]
    r = t * g_h
    q = r * g_w
    a = norm(p.gn, q)  # the branch of 1x1
    b = conv(p.conv3x3, t)  # the branch of 3x3
    m_a = mean_hw(a)
    m_b = mean_hw(b)
    w_a = softmax(m_a, 1)  # weights over the group's channels
    w_b = softmax(m_b, 1)
    k_a = w_a[:, None, :]
    k_b = w_b[:, None, :]
    v_a = flat_hw(a)
    v_b = flat_hw(b)
    e_b = k_a @ v_b  # each branch's weights on the other's values
    e_a = k_b @ v_a
    e = e_b + e_a
    logits = from_flat_hw(e, H, W)
    g = sigmoid(logits)
    y_t = t * g
    y = from_groups(y_t, C)
    return y
