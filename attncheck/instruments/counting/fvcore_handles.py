"""Our prices of traced operators for fvcore, which as it comes is exact on half of them.

fvcore drops attention kernels, recurrent layers and ``padding='same'``, miscounts broadcast
products, rounds einsums to four digits, and adds norms and pooling to the same total.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

Shape = tuple[int, ...]


def _shape(value: Any) -> Shape:
    from fvcore.nn.jit_handles import get_shape

    return tuple(get_shape(value) or ())


def _constant(value: Any) -> Any:
    return value.toIValue()


def _list(value: Any) -> list[Any]:
    """Return the values that a list in the trace is made of."""
    return list(value.node().inputs())


def _matmul(inputs: list[Any], outputs: list[Any]) -> int:
    """Contract the last axis of the first operand; the output says the rest."""
    return math.prod(_shape(outputs[0])) * _shape(inputs[0])[-1]


def _added(inputs: list[Any], outputs: list[Any]) -> int:
    """addmm, baddbmm, addmv: the sum's first operand is no part of the product."""
    return _matmul(inputs[1:], outputs)


def _addbmm(inputs: list[Any], _: list[Any]) -> int:
    first, second = _shape(inputs[1]), _shape(inputs[2])
    return math.prod(first) * second[-1]


def _tensordot(inputs: list[Any], outputs: list[Any]) -> int:
    first, axes = _shape(inputs[0]), [_constant(axis) for axis in _list(inputs[2])]
    return math.prod(_shape(outputs[0])) * math.prod([first[int(axis)] for axis in axes])


def _vdot(inputs: list[Any], _: list[Any]) -> int:
    return math.prod(_shape(inputs[0]))


def _chain(inputs: list[Any], _: list[Any]) -> int:
    """Products in the cheapest order, as torch multiplies a chain."""
    shapes = [_shape(value) for value in _list(inputs[0])]
    lead = shapes[0][0] if len(shapes[0]) == 2 else 1
    sizes = [lead, *(shape[0] for shape in shapes[1:])]
    sizes.append(shapes[-1][-1] if len(shapes[-1]) == 2 else 1)
    count = len(shapes)
    best = {(i, i): 0 for i in range(count)}
    for span in range(1, count):
        for i in range(count - span):
            j = i + span
            best[i, j] = min(
                best[i, k] + best[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1]
                for k in range(i, j)
            )
    return best[0, count - 1]


def _einsum(inputs: list[Any], _: list[Any]) -> int:
    """Two operands: the index space of what both hold or the output names.

    An index of one operand alone that the output lacks is summed before, which is no product.
    """
    shapes = [_shape(value) for value in _list(inputs[1])]
    terms, output = _parsed(str(_constant(inputs[0])), [len(shape) for shape in shapes])
    sizes: dict[str, int] = {}
    for term, shape in zip(terms, shapes, strict=True):
        for index, size in zip(term, shape, strict=True):
            sizes[index] = max(size, sizes.get(index, 1))
    macs = 0
    left = set(terms[0])
    for number, term in enumerate(terms[1:], start=2):
        later = set(output).union(*terms[number:])
        right = set(term)
        contracted = {i for i in left & right if i not in later and sizes[i] > 1}
        left = {i for i in left if i in right or i in later}
        right = {i for i in right if i in left or i in later}
        if contracted:
            macs += math.prod(sizes[index] for index in left | right)
        left = (left | right) & later
    return macs


def _parsed(equation: str, ranks: list[int]) -> tuple[list[str], str]:
    """Return the operands' indices and the output's, with ``...`` spelled out in capitals."""
    equation = equation.replace(" ", "")
    left, _, right = equation.partition("->")
    terms = left.split(",")
    hidden = [rank - len(t.replace("...", "")) for t, rank in zip(terms, ranks, strict=True)]
    # Private-use characters: no index that a user can write.
    wide = "".join(chr(0xE000 + i) for i in range(max(hidden, default=0)))
    terms = [
        t.replace("...", wide[len(wide) - h :] if h else "")
        for t, h in zip(terms, hidden, strict=True)
    ]
    if "->" in equation:
        return terms, right.replace("...", wide)
    letters = "".join(terms)
    return terms, wide + "".join(
        sorted(i for i in set(letters) - set(wide) if letters.count(i) == 1)
    )


def _convolution(inputs: list[Any], outputs: list[Any]) -> int:
    """Output positions times the weight; a transposed one counts its input's positions."""
    image, weight, out = _shape(inputs[0]), _shape(inputs[1]), _shape(outputs[0])
    transposed = len(inputs) > 6 and bool(_constant(inputs[6]))
    spatial = (image if transposed else out)[-(len(weight) - 2) :]
    batch = out[0] if len(out) == len(weight) else 1
    return batch * math.prod(spatial) * math.prod(weight)


def _attention(inputs: list[Any], _: list[Any]) -> int:
    q, k, v = (_shape(value) for value in inputs[:3])
    return math.prod(q[:-1]) * k[-2] * (q[-1] + v[-1])


def _native_attention(inputs: list[Any], _: list[Any]) -> int:
    q, k, width = _shape(inputs[0]), _shape(inputs[1]), int(_constant(inputs[3]))
    return q[0] * (2 * (q[1] + k[1]) * width**2 + 2 * q[1] * k[1] * width)


def _encoder_layer(inputs: list[Any], _: list[Any]) -> int:
    src, width = _shape(inputs[0]), int(_constant(inputs[1]))
    matrices = [_shape(value) for value in inputs[7:]]
    forward = sum(math.prod(s) for s in matrices if len(s) == 2 and width in s)
    return src[0] * (src[1] * (4 * width**2 + forward) + 2 * src[1] ** 2 * width)


def _recurrent(inputs: list[Any], _: list[Any]) -> int:
    """The last list is the weights'; packed sequences hold the steps that there are."""
    steps = math.prod(_shape(inputs[0])[:-1])
    lists = [value for value in inputs if value.node().kind() == "prim::ListConstruct"]
    weights = [_shape(value) for value in _list(lists[-1])]
    return steps * sum(math.prod(shape) for shape in weights if len(shape) == 2)


def _cell(inputs: list[Any], _: list[Any]) -> int:
    rows = math.prod(_shape(inputs[0])[:-1])
    weights = [_shape(value) for value in inputs[1:] if value.isCompleteTensor()]
    return rows * sum(math.prod(s) for s in weights if len(s) == 2 and s[0] != rows)


def _bilinear(inputs: list[Any], _: list[Any]) -> int:
    return math.prod(_shape(inputs[0])[:-1]) * math.prod(_shape(inputs[2]))


def _cdist(inputs: list[Any], outputs: list[Any]) -> int:
    return math.prod(_shape(outputs[0])) * _shape(inputs[0])[-1]


def _covariance(inputs: list[Any], _: list[Any]) -> int:
    """(c, n) with itself."""
    shape = _shape(inputs[0])
    return shape[0] * math.prod(shape) if len(shape) == 2 else math.prod(shape)


def _power(inputs: list[Any], _: list[Any]) -> int:
    """Squares as long as the exponent has digits, and a product for each further one."""
    shape, exponent = _shape(inputs[0]), int(_constant(inputs[1]))
    products = exponent.bit_length() + exponent.bit_count() - 2
    return max(products, 0) * math.prod(shape) * shape[-1]


Handle = Callable[[list[Any], list[Any]], int]

HANDLES: dict[str, Handle] = {
    **dict.fromkeys(("matmul", "linalg_matmul", "mm", "bmm", "mv", "inner", "linear"), _matmul),
    **dict.fromkeys(("addmm", "baddbmm", "addmv", "addmm_", "baddbmm_", "addmv_"), _added),
    **dict.fromkeys(("dot", "vdot"), _vdot),
    **dict.fromkeys(("chain_matmul", "linalg_multi_dot"), _chain),
    **dict.fromkeys(("addbmm", "addbmm_"), _addbmm),
    "tensordot": _tensordot,
    "einsum": _einsum,
    "_convolution": _convolution,
    "_convolution_mode": _convolution,
    "conv_transpose1d": _convolution,
    "scaled_dot_product_attention": _attention,
    "_native_multi_head_attention": _native_attention,
    "_transformer_encoder_layer_fwd": _encoder_layer,
    **dict.fromkeys(("lstm", "gru", "rnn_tanh", "rnn_relu"), _recurrent),
    **dict.fromkeys(("gru_cell", "rnn_tanh_cell", "rnn_relu_cell", "lstm_cell"), _cell),
    "bilinear": _bilinear,
    **dict.fromkeys(("cdist", "pdist"), _cdist),
    **dict.fromkeys(("cov", "corrcoef"), _covariance),
    **dict.fromkeys(("matrix_power", "linalg_matrix_power"), _power),
}
"""Traced operator, without ``aten::``, -> its multiply-accumulates."""
