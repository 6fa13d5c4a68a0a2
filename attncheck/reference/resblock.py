"""YOLOv5's residual block (ultralytics/yolov5, models/common.py) with an attention inside.

The attention it hosts here is squeeze-and-excitation; any that keeps the map's size will do.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid
from torch.nn.functional import silu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, linear, mean_hw, norm, over_hw


@mechanism(
    dims={"C": None, "r": 16},
    derived={"half": "C // 2", "h": "C // r"},
    options={"bias": True},
    reduce=conv_slot("C", "half", kernel=1),
    norm_reduce=batch_norm("half"),
    expand=conv_slot("half", "C", kernel=3),
    norm_expand=batch_norm("C"),
    squeeze=linear_slot("C", "h", bias="bias"),
    excite=linear_slot("h", "C", bias="bias"),
)
def resblock(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Add what a bottleneck finds, gated per channel: (B, C, H, W) -> same."""
    a = conv(p.reduce, x)
    b = norm(p.norm_reduce, a)
    c = silu(b)
    d = conv(p.expand, c)
    e = norm(p.norm_expand, d)
    f = silu(e)
    z = mean_hw(f)  # the hosted attention
    q = linear(p.squeeze, z)
    h = relu(q)
    u = linear(p.excite, h)
    s = sigmoid(u)
    g = over_hw(s)
    m = f * g
    y = x + m
    return y
