"""S²-MLPv2, Yu et al. 2021, arXiv:2108.01072, equations 3 to 8: shifts and split attention."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import gelu

from attncheck.reference.grouping_steps import down, left, right, up
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, perm, pointwise, softmax, sum_hw


@mechanism(
    dims={"C": None},
    options={"split_bias": False},
    expand=linear_slot("C", "3*C", bias=True),
    reduce=linear_slot("C", "C", bias="split_bias"),
    split=linear_slot("C", "3*C", bias="split_bias"),
    project=linear_slot("C", "C", bias=True),
)
def s2mlpv2(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Shift two of three branches by a pixel, weigh the three per channel: (B, C, H, W) -> same."""
    C = x.shape[1]
    t = pointwise(p.expand, x)
    t_1, t_2, t_3 = t.chunk(3, 1)
    a_1, a_2, a_3, a_4 = t_1.chunk(4, 1)
    a_d = down(a_1)
    a_u = up(a_2)
    a_r = right(a_3)
    a_l = left(a_4)
    x_1 = torch.cat((a_d, a_u, a_r, a_l), 1)  # the first shift
    c_2 = perm(t_2, 0, 1, 3, 2)  # the second: the same with the axes swapped
    b_1, b_2, b_3, b_4 = c_2.chunk(4, 1)
    b_d = down(b_1)
    b_u = up(b_2)
    b_r = right(b_3)
    b_l = left(b_4)
    d_2 = torch.cat((b_d, b_u, b_r, b_l), 1)
    x_2 = perm(d_2, 0, 1, 3, 2)
    x_12 = x_1 + x_2
    x_all = x_12 + t_3
    z = sum_hw(x_all)
    h = linear(p.reduce, z)
    e = gelu(h)
    u = linear(p.split, e)
    logits = u.reshape(-1, 3, C)
    w = softmax(logits, 1)  # over the branches
    g = w[:, :, :, None, None]
    y_1 = x_1 * g[:, 0]
    y_2 = x_2 * g[:, 1]
    y_3 = t_3 * g[:, 2]
    y_12 = y_1 + y_2
    s = y_12 + y_3
    y = pointwise(p.project, s)
    return y
