"""Area attention, Tian et al. 2025 (YOLOv12), arXiv:2502.12524, section 3.2, as ultralytics has it.

With one area it is the attention of YOLOv10's PSA, Wang et al. 2024, arXiv:2405.14458.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, flat_hw, from_flat_hw, norm, pointwise, softmax


@mechanism(
    dims={"C": None, "heads": None, "A": 1},
    options={"half": False, "k": 7},
    qkv=linear_slot("C", "C + 2*(C // (1 + half))"),
    qkv_bn=batch_norm("C + 2*(C // (1 + half))"),
    near=conv_slot("C", "C", kernel="k", groups="C"),
    near_bn=batch_norm("C"),
    output=linear_slot("C", "C"),
    output_bn=batch_norm("C"),
)
def area(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend within A bands of rows, add what lies near: (B, C, H, W) -> same."""
    B, C, H, W = x.shape
    d = C // o.heads
    E = d // 2 if o.half else d  # the width of a head's queries and keys
    t = pointwise(p.qkv, x)
    n = norm(p.qkv_bn, t)
    flat = flat_hw(n)
    cut = flat.reshape(B, o.heads, flat.shape[1] // o.heads, o.A, H * W // o.A).transpose(
        2, 3
    )  # (B, heads, A, c, n)
    q = cut[..., :E, :]  # of each head its queries, keys and values
    k = cut[..., E : 2 * E, :]
    v = cut[..., 2 * E :, :]
    s = q.transpose(-1, -2) @ k  # within an area
    e = s / E**0.5
    a = softmax(e, -1)
    heads = v @ a.transpose(-1, -2)
    merged = heads.transpose(2, 3).reshape(B, C, H * W)
    values = v.transpose(2, 3).reshape(B, C, H * W)
    m = from_flat_hw(merged, H, W)
    v_map = from_flat_hw(values, H, W)
    c = conv(p.near, v_map)  # of the values, across the areas
    near = norm(p.near_bn, c)
    z = m + near
    u = pointwise(p.output, z)
    y = norm(p.output_bn, u)
    return y
