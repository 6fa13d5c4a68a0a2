"""Large selective kernel, Li et al. 2023, arXiv:2303.09030, equations 1 to 8."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, join, max_c, mean_c, pointwise


@mechanism(
    dims={"C": None},
    derived={"h": "C // 2"},
    conv0=conv_slot("C", "C", kernel=5, groups="C", bias=True),
    conv_spatial=conv_slot("C", "C", kernel=7, groups="C", dilation=3, bias=True),
    conv1=linear_slot("C", "h", bias=True),
    conv2=linear_slot("C", "h", bias=True),
    conv_squeeze=conv_slot("2", "2", kernel=7, bias=True),
    conv=linear_slot("h", "C", bias=True),
)
def lsk(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate by two large kernels, the size selected per position: (B, C, H, W) -> same."""
    a = conv(p.conv0, x)  # eq. 2: the second kernel reads what the first gives
    b = conv(p.conv_spatial, a)
    u_a = pointwise(p.conv1, a)
    u_b = pointwise(p.conv2, b)
    u = join(u_a, u_b)  # eq. 3
    m_mean = mean_c(u)  # eq. 4
    m_max = max_c(u)
    m = join(m_mean, m_max)
    v = conv(p.conv_squeeze, m)  # eq. 5
    s = sigmoid(v)  # eq. 6
    s_a = s[:, 0:1]
    s_b = s[:, 1:2]
    w_a = u_a * s_a
    w_b = u_b * s_b
    w = w_a + w_b
    g = pointwise(p.conv, w)  # eq. 7
    y = x * g  # eq. 8
    return y
