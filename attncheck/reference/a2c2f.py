"""Residual efficient aggregation of area attention (A2C2f), Tian et al. 2025, arXiv:2502.12524.

Section 3.3, as ultralytics has it: each stage is two blocks of area attention.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm, tensor
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, flat_hw, from_flat_hw, norm, over_hw, pointwise, softmax
from attncheck.reference.yolo_steps import activate, side_by_side


def _block(name: str, when: str = "") -> dict[str, Any]:
    """Return the slots of one block: area attention, then two layers per pixel."""
    return {
        f"{name}_qkv": linear_slot("h", "3*h", when=when),
        f"{name}_qkv_bn": batch_norm("3*h", when=when),
        f"{name}_near": conv_slot("h", "h", kernel="k", groups="h", when=when),
        f"{name}_near_bn": batch_norm("h", when=when),
        f"{name}_output": linear_slot("h", "h", when=when),
        f"{name}_output_bn": batch_norm("h", when=when),
        f"{name}_up": linear_slot("h", "F", when=when),
        f"{name}_up_bn": batch_norm("F", when=when),
        f"{name}_down": linear_slot("F", "h", when=when),
        f"{name}_down_bn": batch_norm("h", when=when),
    }


@mechanism(
    dims={"C": None, "C2": None, "h": None, "heads": None, "A": 1, "F": None},
    options={"repeats": 1, "residual": False, "k": 7},
    cv1=linear_slot("C", "h"),
    bn1=batch_norm("h"),
    **_block("m0"),
    **_block("m1"),
    **_block("m2", "repeats == 2"),
    **_block("m3", "repeats == 2"),
    cv2=linear_slot("(1 + repeats)*h", "C2"),
    bn2=batch_norm("C2"),
    gamma=tensor("C2", start=0.01, when="residual"),
)
def a2c2f(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Join what each stage of area attention leaves: (B, C, H, W) -> (B, C2, H, W)."""
    B, _, H, W = x.shape
    a = norm(p.bn1, pointwise(p.cv1, x))
    b = activate(a, "silu")
    blocks = [
        (
            (p.m0_qkv, p.m0_qkv_bn, p.m0_near, p.m0_near_bn, p.m0_output, p.m0_output_bn),
            (p.m0_up, p.m0_up_bn, p.m0_down, p.m0_down_bn),
        ),
        (
            (p.m1_qkv, p.m1_qkv_bn, p.m1_near, p.m1_near_bn, p.m1_output, p.m1_output_bn),
            (p.m1_up, p.m1_up_bn, p.m1_down, p.m1_down_bn),
        ),
        (
            (p.m2_qkv, p.m2_qkv_bn, p.m2_near, p.m2_near_bn, p.m2_output, p.m2_output_bn),
            (p.m2_up, p.m2_up_bn, p.m2_down, p.m2_down_bn),
        ),
        (
            (p.m3_qkv, p.m3_qkv_bn, p.m3_near, p.m3_near_bn, p.m3_output, p.m3_output_bn),
            (p.m3_up, p.m3_up_bn, p.m3_down, p.m3_down_bn),
        ),
    ]
    j = b
    for at, (attends, thinks) in enumerate(blocks[: 2 * o.repeats]):
        qkv, bn_t, near, bn_near, output, bn_out = attends
        up, bn_up, down, bn_down = thinks
        flat = flat_hw(norm(bn_t, pointwise(qkv, b)))
        cut = flat.reshape(B, o.heads, flat.shape[1] // o.heads, o.A, H * W // o.A).transpose(2, 3)
        d = cut.shape[3] // 3  # of each head its queries, keys and values: (B, heads, A, 3·d, n)
        q = cut[..., :d, :]
        k = cut[..., d : 2 * d, :]
        v = cut[..., 2 * d :, :]
        scores = q.transpose(-1, -2) @ k  # within an area
        logits = scores / d**0.5
        attention = softmax(logits, -1)
        heads = v @ attention.transpose(-1, -2)
        m = from_flat_hw(heads.transpose(2, 3).reshape(B, o.heads * d, H * W), H, W)
        values = from_flat_hw(v.transpose(2, 3).reshape(B, o.heads * d, H * W), H, W)
        z = m + norm(bn_near, conv(near, values))
        u = b + norm(bn_out, pointwise(output, z))
        g = activate(norm(bn_up, pointwise(up, u)), "silu")
        b = u + norm(bn_down, pointwise(down, g))
        j = side_by_side(j, b) if at % 2 else j  # after each two
    n = norm(p.bn2, pointwise(p.cv2, j))
    y = activate(n, "silu")
    scaled = y * over_hw(p.gamma[None]) if o.residual else y
    r = x + scaled if o.residual else y
    return r
