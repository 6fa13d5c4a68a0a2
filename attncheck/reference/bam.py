"""Bottleneck attention module, Park et al. 2018, arXiv:1807.06514, equations 1 to 5."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, linear, mean_hw, norm, over_hw, pointwise


@mechanism(
    dims={"C": None, "r": 16, "dilation": 4},
    derived={"h": "C // r"},
    options={
        "bias": True,
        "conv_bias": True,
        "norms": "hidden",
        "map_norms": "hidden",
        "rectified": True,
        "combine": "sum",
    },
    squeeze=linear_slot("C", "h", bias="bias"),
    squeeze_norm=batch_norm("h", rank=1, when="norms == hidden"),
    excite=linear_slot("h", "C", bias="bias"),
    excite_norm=batch_norm("C", rank=1, when="norms == last"),
    reduce=linear_slot("C", "h", bias="conv_bias"),
    reduce_norm=batch_norm("h", when="map_norms == hidden"),
    first=conv_slot("h", "h", kernel=3, dilation="dilation", bias="conv_bias"),
    first_norm=batch_norm("h", when="map_norms == hidden"),
    second=conv_slot("h", "h", kernel=3, dilation="dilation", bias="conv_bias"),
    second_norm=batch_norm("h", when="map_norms == hidden"),
    score=linear_slot("h", "1", bias="conv_bias"),
    score_norm=batch_norm("1", when="map_norms == last"),
)
def bam(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Strengthen values by a gate of channels and positions: (B, C, H, W) -> same."""
    hidden = o.norms == "hidden"
    z = mean_hw(x)
    a = linear(p.squeeze, z)
    a_n = norm(p.squeeze_norm, a) if hidden else a
    e = relu(a_n)
    u = linear(p.excite, e)
    u_n = u if hidden else norm(p.excite_norm, u)  # eq. 3
    m_c = over_hw(u_n)
    inside = o.map_norms == "hidden"
    b = pointwise(p.reduce, x)
    b_n = norm(p.reduce_norm, b) if inside else b
    b_r = relu(b_n) if o.rectified else b_n
    c = conv(p.first, b_r)
    c_n = norm(p.first_norm, c) if inside else c
    c_r = relu(c_n) if o.rectified else c_n
    d = conv(p.second, c_r)
    d_n = norm(p.second_norm, d) if inside else d
    d_r = relu(d_n) if o.rectified else d_n
    v = pointwise(p.score, d_r)
    m_s = v if inside else norm(p.score_norm, v)  # eq. 4
    m = m_c + m_s if o.combine == "sum" else m_c * m_s  # eq. 2
    s = sigmoid(m)
    f = 1 + s
    y = x * f  # eq. 1
    return y
