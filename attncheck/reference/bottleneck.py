"""YOLOv5's Bottleneck (ultralytics/yolov5, models/common.py)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.steps import conv, norm
from attncheck.reference.yolo_steps import activate


@mechanism(
    dims={"C": None, "C2": None, "k": 1, "g": 1},
    derived={"h": "C2 // 2"},
    options={"activation": "silu", "shortcut": True},
    cv1=conv_slot("C", "h", kernel="k"),
    bn1=batch_norm("h"),
    cv2=conv_slot("h", "C2", kernel=3, groups="g"),
    bn2=batch_norm("C2"),
)
def bottleneck(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Reduce, look around, add where sizes allow it: (B, C, H, W) -> (B, C2, H, W)."""
    a = conv(p.cv1, x)
    b = norm(p.bn1, a)
    c = activate(b, o.activation)
    d = conv(p.cv2, c)
    e = norm(p.bn2, d)
    f = activate(e, o.activation)
    added = o.shortcut and x.shape[1] == f.shape[1]
    y = f + x if added else f
    return y
