"""Channel prior convolutional attention, Huang et al. 2024, arXiv:2306.05196, equations 1 to 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid
from torch.nn.functional import gelu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, linear, max_hw, mean_hw, over_hw, pointwise
from attncheck.reference.strip_steps import along_columns, along_rows


def _strip(kernel: int) -> Any:
    return conv_slot("C", "C", kernel=kernel, groups="C", rank=1, bias="bias")


@mechanism(
    dims={"C": None, "r": 4},
    derived={"h": "C // r"},
    options={"bias": True, "around": "shared", "sigmoids": "each"},
    enter=linear_slot("C", "C", bias="bias", when="around == own"),
    squeeze=linear_slot("C", "h", bias="bias"),
    excite=linear_slot("h", "C", bias="bias"),
    near=conv_slot("C", "C", kernel=5, groups="C", bias="bias"),
    rows7=_strip(7),
    columns7=_strip(7),
    rows11=_strip(11),
    columns11=_strip(11),
    rows21=_strip(21),
    columns21=_strip(21),
    mix=linear_slot("C", "C", bias="bias"),
    leave=linear_slot("C", "C", bias="bias", when="around == own"),
)
def cpca(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate channels, and what is left by depthwise strips: (B, C, H, W) -> same."""
    enter = p.enter if o.around == "own" else p.mix  # the authors have one matrix in three places
    leave = p.leave if o.around == "own" else p.mix
    e = x if o.around == "none" else pointwise(enter, x)
    f = e if o.around == "none" else gelu(e)
    z_mean = mean_hw(f)
    a_mean = linear(p.squeeze, z_mean)
    h_mean = relu(a_mean)
    u_mean = linear(p.excite, h_mean)
    z_max = max_hw(f)
    a_max = linear(p.squeeze, z_max)
    h_max = relu(a_max)
    u_max = linear(p.excite, h_max)
    s_mean = sigmoid(u_mean)
    s_max = sigmoid(u_max)
    u = u_mean + u_max
    s = sigmoid(u) if o.sigmoids == "sum" else s_mean + s_max  # eq. 3
    g = over_hw(s)
    c = f * g  # eq. 1
    d = conv(p.near, c)
    r7 = along_rows(p.rows7, d)
    d7 = along_columns(p.columns7, r7)
    r11 = along_rows(p.rows11, d)
    d11 = along_columns(p.columns11, r11)
    r21 = along_rows(p.rows21, d)
    d21 = along_columns(p.columns21, r21)
    t = d + d7 + d11 + d21
    m = pointwise(p.mix, t)  # eq. 4
    y = m * c  # eq. 2
    return y if o.around == "none" else pointwise(leave, y)
