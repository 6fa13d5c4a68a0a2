"""Multiply-accumulates of the contraction operators that torch's own registry lacks.

torch prices matrix products, convolutions and the attention kernels of CUDA. The CPU's
attention kernels, fused layers, recurrent layers and products with vectors are not in its
registry and would silently count nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

Arguments = Mapping[str, Any]
"""An operator's arguments by the names of its schema."""
Price = Callable[[Arguments, Any], int]
"""``(arguments, output) -> multiply-accumulates``."""


def _sdpa(given: Arguments, _: Any) -> int:
    """q (…, L, E), k (…, S, E), v (…, S, Ev): with grouped heads, the query's heads count."""
    q, k, v = given["query"], given["key"], given["value"]
    return int(math.prod(q.shape[:-1]) * k.shape[-2] * (q.shape[-1] + v.shape[-1]))


def _lengths(tokens: Any) -> list[int]:
    """Return how many tokens each sample of (B, N, d) has; nested tensors hold no padding."""
    if tokens.is_nested:
        return [int(sample.shape[0]) for sample in tokens.unbind()]
    return [int(tokens.shape[1])] * int(tokens.shape[0])


def _native_multi_head_attention(given: Arguments, _: Any) -> int:
    """Projections of the tokens there are; the scores are padded to the longest sample."""
    q, k, width = _lengths(given["query"]), _lengths(given["key"]), given["embed_dim"]
    scores = len(q) * max(q, default=0) * max(k, default=0)
    return int(2 * (sum(q) + sum(k)) * width**2 + 2 * scores * width)


def _encoder_layer(given: Arguments, _: Any) -> int:
    n, width = _lengths(given["src"]), given["embed_dim"]
    feed_forward = given["ffn_weight_1"].numel() + given["ffn_weight_2"].numel()
    scores = len(n) * max(n, default=0) ** 2
    return int(sum(n) * (4 * width**2 + feed_forward) + 2 * scores * width)


def _mkldnn_rnn(given: Arguments, _: Any) -> int:
    """One direction of one layer: input (T, B, I), two weight matrices."""
    steps = math.prod(given["input"].shape[:-1])
    return int(steps * (given["weight0"].numel() + given["weight1"].numel()))


def _cudnn_rnn(given: Arguments, _: Any) -> int:
    """All layers and directions: every matrix once per step."""
    steps = math.prod(given["input"].shape[:-1])
    return int(steps * sum(w.numel() for w in given["weight"] if w.ndim == 2))


def _mv(given: Arguments, _: Any) -> int:
    return int((given["self"] if given.get("mat") is None else given["mat"]).numel())


def _dot(given: Arguments, _: Any) -> int:
    return int(given["self"].numel())


def _addbmm(given: Arguments, _: Any) -> int:
    return int(given["batch1"].numel() * given["batch2"].shape[-1])


def _matmul(given: Arguments, out: Any) -> int:
    """Whole products arrive of nested tensors, whose samples have sizes of their own."""
    first = given["self"]
    pairs = zip(out.unbind(), first.unbind(), strict=True) if out.is_nested else [(out, first)]
    return sum(int(product.numel() * factor.shape[-1]) for product, factor in pairs)


def _mm(given: Arguments, _: Any) -> int:
    """(…, K) with a second matrix of K rows, or for ``addmm`` with ``mat1`` and ``mat2``."""
    first = given.get("mat1", given.get("self"))
    return int(first.numel() * given["mat2"].shape[-1])


def _cdist(given: Arguments, _: Any) -> int:
    """x1 (…, P, M), x2 (…, R, M): every pair contracts over M."""
    x1, x2 = given["x1"], given["x2"]
    batch = math.prod(_broadcast(x1.shape[:-2], x2.shape[:-2]))
    return int(batch * x1.shape[-2] * x2.shape[-2] * x1.shape[-1])


def _pdist(given: Arguments, _: Any) -> int:
    n, width = given["self"].shape
    return int(n * (n - 1) // 2 * width)


def _trilinear(given: Arguments, _: Any) -> int:
    """Three operands over one index space: its size."""
    shapes = []
    for number in (1, 2, 3):
        shape = list(given[f"i{number}"].shape)
        for axis in sorted(given[f"expand{number}"]):
            shape.insert(axis, 1)
        shapes.append(tuple(shape))
    return int(math.prod(_broadcast(*shapes)))


def _convolution(given: Arguments, out: Any) -> int:
    """Output positions times the weight; padding taps count."""
    weight = given["weight"]
    return int(out.shape[0] * math.prod(out.shape[2:]) * weight.numel())


def _linear(given: Arguments, _: Any) -> int:
    """Every row of the input with every row of the weight; a vector is one row."""
    first, weight = given.get("input", given.get("self")), given["weight"]
    assert first is not None
    return int(first.numel() * (weight.numel() // weight.shape[-1]))


def _broadcast(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    rank = max(len(shape) for shape in shapes)
    padded = [(1,) * (rank - len(shape)) + tuple(shape) for shape in shapes]
    return tuple(max(sizes) for sizes in zip(*padded, strict=True))


PRICES: Mapping[str, Price] = {
    "aten._scaled_dot_product_flash_attention_for_cpu": _sdpa,
    "aten._scaled_dot_product_fused_attention_overrideable": _sdpa,
    "aten._scaled_dot_product_attention_math_for_mps": _sdpa,
    "aten._scaled_dot_product_flash_attention": _sdpa,
    "aten._scaled_dot_product_efficient_attention": _sdpa,
    "aten._scaled_dot_product_cudnn_attention": _sdpa,
    "aten._native_multi_head_attention": _native_multi_head_attention,
    "aten._transformer_encoder_layer_fwd": _encoder_layer,
    "aten.mkldnn_rnn_layer": _mkldnn_rnn,
    "aten._cudnn_rnn": _cudnn_rnn,
    "aten.miopen_rnn": _cudnn_rnn,
    "aten.mv": _mv,
    "aten.addmv": _mv,
    "aten.dot": _dot,
    "aten.vdot": _dot,
    "aten.matmul": _matmul,
    "aten.mm": _mm,
    "aten.addmm": _mm,
    "aten._int_mm": _mm,
    "aten._addmm_activation": _mm,
    "aten.baddbmm": _addbmm,
    "aten.addbmm": _addbmm,
    "aten._cdist_forward": _cdist,
    "aten._euclidean_dist": _cdist,
    "aten._pdist_forward": _pdist,
    "aten._trilinear": _trilinear,
    "aten.convolution_overrideable": _convolution,
    "aten.mkldnn_convolution": _convolution,
    "aten.miopen_convolution": _convolution,
    "aten._conv_depthwise2d": _convolution,
    "aten.conv_depthwise3d": _convolution,
    "aten._slow_conv2d_forward": _convolution,
    "aten.linear": _linear,
    "aten.mkldnn_linear": _linear,
    "torchvision.deform_conv2d": _convolution,
}
"""Operator name without overload -> its price. Used where torch's registry has none."""
