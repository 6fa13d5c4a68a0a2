"""Partial self-attention, Wang et al. 2024 (YOLOv10), arXiv:2405.14458, section 3.2.

In YOLO11 (ultralytics, C2PSA) the part goes through one or more blocks of it.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.grid_heads import heads_of_map, map_of_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, norm, pointwise, softmax
from attncheck.reference.yolo_steps import activate, first_half, second_half, side_by_side


def _block(name: str, when: str = "") -> dict[str, Any]:
    """Return the slots of one block: attention, then two layers per pixel."""
    return {
        f"{name}_qkv": linear_slot("h", "2*h", when=when),
        f"{name}_qkv_bn": batch_norm("2*h", when=when),
        f"{name}_near": conv_slot("h", "h", kernel=3, groups="h", when=when),
        f"{name}_near_bn": batch_norm("h", when=when),
        f"{name}_output": linear_slot("h", "h", when=when),
        f"{name}_output_bn": batch_norm("h", when=when),
        f"{name}_up": linear_slot("h", "2*h", when=when),
        f"{name}_up_bn": batch_norm("2*h", when=when),
        f"{name}_down": linear_slot("2*h", "h", when=when),
        f"{name}_down_bn": batch_norm("h", when=when),
    }


@mechanism(
    dims={"C": None, "heads": None},
    derived={"h": "C // 2"},
    options={"repeats": 1},
    cv1=linear_slot("C", "2*h"),
    bn1=batch_norm("2*h"),
    **_block("m0"),
    **_block("m1", "repeats == 2"),
    cv2=linear_slot("2*h", "C"),
    bn2=batch_norm("C"),
)
def c2psa(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Let half the channels attend, mix them with the others: (B, C, H, W) -> same."""
    H, W = x.shape[2:]
    r = pointwise(p.cv1, x)
    s = norm(p.bn1, r)
    both = activate(s, "silu")
    a = first_half(both)
    b = second_half(both)
    blocks = [
        (
            (p.m0_qkv, p.m0_qkv_bn, p.m0_near, p.m0_near_bn, p.m0_output, p.m0_output_bn),
            (p.m0_up, p.m0_up_bn, p.m0_down, p.m0_down_bn),
        ),
        (
            (p.m1_qkv, p.m1_qkv_bn, p.m1_near, p.m1_near_bn, p.m1_output, p.m1_output_bn),
            (p.m1_up, p.m1_up_bn, p.m1_down, p.m1_down_bn),
        ),
    ]
    for attends, thinks in blocks[: o.repeats]:
        qkv, bn_t, near, bn_near, output, bn_out = attends
        up, bn_up, down, bn_down = thinks
        t = norm(bn_t, pointwise(qkv, b))
        own = heads_of_map(t, o.heads)  # (B, heads, N, 2·d): of each head queries, keys, values
        d = own.shape[-1] // 2
        E = d // 2  # queries and keys are half as wide as values
        q = own[..., :E]
        k = own[..., E:d]
        v = own[..., d:]
        scores = q @ k.transpose(-1, -2)
        logits = scores / E**0.5
        attention = softmax(logits, -1)
        heads = attention @ v
        m = map_of_heads(heads, H, W)
        values = map_of_heads(v, H, W)
        c = conv(near, values)
        z = m + norm(bn_near, c)
        out = norm(bn_out, pointwise(output, z))
        u = b + out
        f = norm(bn_up, pointwise(up, u))
        g = activate(f, "silu")
        thought = norm(bn_down, pointwise(down, g))
        b = u + thought
    j = side_by_side(a, b)
    w = pointwise(p.cv2, j)
    n = norm(p.bn2, w)
    y = activate(n, "silu")
    return y
