"""YOLOv5's C3TR (ultralytics/yolov5, models/common.py) with one or two transformer layers.

The layer is that of Dosovitskiy et al. 2020, arXiv:2010.11929, equations 2 and 3, without norms.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.kernel_steps import like_input, tokens_of
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, norm, pointwise, softmax
from attncheck.reference.yolo_steps import activate, side_by_side


def _layer(name: str, when: str = "") -> dict[str, Any]:
    """Return the slots of one transformer layer; queries, keys and values have two matrices."""
    bare = ("q", "k", "v")
    of_heads = ("query", "key", "value", "output")
    return {
        **{f"{name}_{part}": linear_slot("h", "h", when=when) for part in bare},
        **{f"{name}_{part}": linear_slot("h", "h", bias=True, when=when) for part in of_heads},
        **{f"{name}_{part}": linear_slot("h", "h", when=when) for part in ("fc1", "fc2")},
    }


@mechanism(
    dims={"C": None, "C2": None, "heads": 4},
    derived={"h": "C2 // 2"},
    options={"activation": "silu", "repeats": 1},
    cv1=linear_slot("C", "h"),
    bn1=batch_norm("h"),
    cv2=linear_slot("C", "h"),
    bn2=batch_norm("h"),
    cv3=linear_slot("2*h", "C2"),
    bn3=batch_norm("C2"),
    place=linear_slot("h", "h", bias=True),
    **_layer("m0"),
    **_layer("m1", "repeats == 2"),
)
def c3tr(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Send half the width through transformer layers: (B, C, H, W) -> (B, C2, H, W)."""
    a = pointwise(p.cv1, x)
    b = norm(p.bn1, a)
    c = activate(b, o.activation)
    tokens = tokens_of(c)  # (B, H·W, h)
    place = linear(p.place, tokens)  # a matrix, although the code calls it a position
    t = tokens + place
    blocks = [
        (p.m0_q, p.m0_k, p.m0_v, p.m0_query, p.m0_key, p.m0_value, p.m0_output, p.m0_fc1, p.m0_fc2),
        (p.m1_q, p.m1_k, p.m1_v, p.m1_query, p.m1_key, p.m1_value, p.m1_output, p.m1_fc1, p.m1_fc2),
    ]
    for to_q, to_k, to_v, query, key, value, output, fc1, fc2 in blocks[: o.repeats]:
        q_first = linear(to_q, t)
        k_first = linear(to_k, t)
        v_first = linear(to_v, t)
        q_all = linear(query, q_first)
        k_all = linear(key, k_first)
        v_all = linear(value, v_first)
        q = split_heads(q_all, o.heads)
        k = split_heads(k_all, o.heads)
        v = split_heads(v_all, o.heads)
        d = q.shape[-1]
        scores = q @ k.transpose(-1, -2)
        logits = scores / d**0.5
        attention = softmax(logits, -1)
        heads = attention @ v
        merged = merge_heads(heads)
        out = linear(output, merged)
        r = out + t
        f = linear(fc1, r)  # nothing bends between the two
        g = linear(fc2, f)
        t = g + r
    u = like_input(t, c)
    k2 = pointwise(p.cv2, x)
    m = norm(p.bn2, k2)
    s = activate(m, o.activation)
    j = side_by_side(u, s)
    w = pointwise(p.cv3, j)
    n = norm(p.bn3, w)
    y = activate(n, o.activation)
    return y
