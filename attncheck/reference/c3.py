"""YOLOv5's C3 (ultralytics/yolov5, models/common.py) with one to three bottlenecks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, norm, pointwise
from attncheck.reference.yolo_steps import activate, side_by_side


@mechanism(
    dims={"C": None, "C2": None},
    derived={"h": "C2 // 2"},
    options={"activation": "silu", "shortcut": True, "repeats": 1},
    cv1=linear_slot("C", "h"),
    bn1=batch_norm("h"),
    cv2=linear_slot("C", "h"),
    bn2=batch_norm("h"),
    cv3=linear_slot("2*h", "C2"),
    bn3=batch_norm("C2"),
    m0_cv1=linear_slot("h", "h"),
    m0_bn1=batch_norm("h"),
    m0_cv2=conv_slot("h", "h", kernel=3),
    m0_bn2=batch_norm("h"),
    m1_cv1=linear_slot("h", "h", when="repeats != 1"),
    m1_bn1=batch_norm("h", when="repeats != 1"),
    m1_cv2=conv_slot("h", "h", kernel=3, when="repeats != 1"),
    m1_bn2=batch_norm("h", when="repeats != 1"),
    m2_cv1=linear_slot("h", "h", when="repeats == 3"),
    m2_bn1=batch_norm("h", when="repeats == 3"),
    m2_cv2=conv_slot("h", "h", kernel=3, when="repeats == 3"),
    m2_bn2=batch_norm("h", when="repeats == 3"),
)
def c3(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Send half the width through bottlenecks, join, mix: (B, C, H, W) -> (B, C2, H, W)."""
    a = pointwise(p.cv1, x)
    b = norm(p.bn1, a)
    t = activate(b, o.activation)
    blocks = [
        (p.m0_cv1, p.m0_bn1, p.m0_cv2, p.m0_bn2),
        (p.m1_cv1, p.m1_bn1, p.m1_cv2, p.m1_bn2),
        (p.m2_cv1, p.m2_bn1, p.m2_cv2, p.m2_bn2),
    ]
    for cv1, bn1, cv2, bn2 in blocks[: o.repeats]:
        c = pointwise(cv1, t)
        d = norm(bn1, c)
        e = activate(d, o.activation)
        f = conv(cv2, e)
        g = norm(bn2, f)
        u = activate(g, o.activation)
        t = u + t if o.shortcut else u
    k = pointwise(p.cv2, x)
    m = norm(p.bn2, k)
    s = activate(m, o.activation)
    j = side_by_side(t, s)
    q = pointwise(p.cv3, j)
    r = norm(p.bn3, q)
    y = activate(r, o.activation)
    return y
