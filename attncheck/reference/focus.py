"""YOLOv5's Focus (ultralytics/yolov5, models/common.py): space to depth, then a convolution."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.steps import conv, norm
from attncheck.reference.yolo_steps import activate, every_other, side_by_side


@mechanism(
    dims={"C": None, "C2": None, "k": 1},
    options={"activation": "silu", "rows_first": True},
    conv=conv_slot("4*C", "C2", kernel="k"),
    bn=batch_norm("C2"),
)
def focus(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Put the pixels of each 2×2 cell side by side: (B, C, H, W) -> (B, C2, H/2, W/2)."""
    a = every_other(x, 0, 0)
    b = every_other(x, 1, 0)
    c = every_other(x, 0, 1)
    d = every_other(x, 1, 1)
    t = side_by_side(a, b, c, d) if o.rows_first else side_by_side(a, c, b, d)
    u = conv(p.conv, t)
    n = norm(p.bn, u)
    y = activate(n, o.activation)
    return y
