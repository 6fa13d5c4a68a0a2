"""What leads from known values to one: the operators between, and the formula they make."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from attncheck.equivalence.recording import Made, Record
from attncheck.lazy import torch

_MOST = 40

PRODUCTS = frozenset({"mm", "addmm", "bmm", "baddbmm", "convolution", "_convolution", "mv", "dot"})
NORMS = {
    "native_batch_norm": "BN",
    "_native_batch_norm_legit": "BN",
    "_native_batch_norm_legit_no_training": "BN",
    "cudnn_batch_norm": "BN",
    "native_layer_norm": "LN",
    "native_group_norm": "GN",
    "_fused_rms_norm": "RMSNorm",
}
_SIGNS = {
    "sigmoid": "σ",
    "relu": "ReLU",
    "silu": "SiLU",
    "gelu": "GELU",
    "hardsigmoid": "hard σ",
    "hardswish": "hard swish",
    "_softmax": "softmax",
    "_safe_softmax": "softmax",
    "_log_softmax": "log softmax",
    "amax": "max",
    "amin": "min",
    "pow": "pow",
    "rsqrt": "1/√",
    "sqrt": "√",
    "abs": "abs",
    "masked_fill": "masked",
    "where": "masked",
    "_adaptive_avg_pool2d": "mean",
    "avg_pool2d": "mean",
}
SAME = {
    "mm": "product",
    "addmm": "product",
    "bmm": "product",
    "baddbmm": "product",
    "convolution": "product",
    "_convolution": "product",
    "mv": "product",
    "dot": "product",
    "rsub": "sub",
    "_safe_softmax": "_softmax",
    "where": "masked_fill",
    **{name: f"{sign} norm" for name, sign in NORMS.items()},
}


@dataclass(frozen=True)
class Slice:
    """The operators between known values and one value.

    Attributes:
        nodes: those that compute, in their order; what only moves values is left out.
        moves: those that only move values.
        stops: the known values that it starts from.
        tensors: the parameters and buffers that it reads.
        starts: the nodes of those known values.
        masks: what makes the truth values that it reads.
        constants: the other constants that it reads.
        text: the formula, in the names of the known values and of slots.
    """

    nodes: tuple[Made, ...]
    moves: tuple[Made, ...]
    stops: frozenset[str]
    tensors: frozenset[str]
    text: str
    starts: tuple[Made, ...] = ()
    masks: tuple[Made, ...] = ()
    constants: tuple[torch.Tensor, ...] = ()

    @property
    def operators(self) -> Counter[str]:
        """How often each operator stands in it, spellings of one told as one."""
        return Counter(SAME.get(node.operator, node.operator) for node in self.nodes)


def slice_of(
    record: Record,
    place: int | str,
    stops: Mapping[int, str],
    layers: Callable[[str], str],
    *,
    root: bool = True,
) -> Slice:
    """Return what leads to a value.

    Args:
        record: the operators of a call.
        place: where the value was made.
        stops: places of known values -> their names.
        layers: parameter or buffer -> what a formula calls it.
        root: whether the value itself may be a known one.
    """
    walk = _Walk(record, stops, layers)
    text = walk.text(place, root=root)
    nodes = sorted(walk.seen.values(), key=lambda node: node.index)
    return Slice(
        tuple(node for node in nodes if not node.is_view),
        tuple(node for node in nodes if node.is_view),
        frozenset(walk.known),
        frozenset(walk.tensors),
        text,
        tuple(walk.starts),
        tuple(walk.masks),
        tuple(walk.constants),
    )


class _Walk:
    def __init__(
        self, record: Record, stops: Mapping[int, str], layers: Callable[[str], str]
    ) -> None:
        self.record = record
        self.stops = stops
        self.layers = layers
        self.known: set[str] = set()
        self.tensors: set[str] = set()
        self.seen: dict[int, Made] = {}
        self.starts: list[Made] = []
        self.masks: list[Made] = []
        self.constants: list[torch.Tensor] = []
        self._texts: dict[int, str] = {}

    def text(self, place: int | str, *, root: bool = True) -> str:
        if isinstance(place, str):
            if place in self.record.inputs.values():
                self.known.add(place)
                return place
            self.tensors.add(place)
            return self.layers(place)
        if root and place in self.stops:
            self.known.add(self.stops[place])
            self.starts.append(self.record.nodes[place])
            return self.stops[place]
        if place in self._texts:
            return self._texts[place]
        if len(self.seen) >= _MOST:
            return "…"
        node = self.record.nodes[place]
        if node.tensor.dtype == torch.bool:  # how a mask is made is told by what it hides
            self.masks.append(self._made(node))
            self._texts[place] = "mask"
            return "mask"
        if node.is_constant:
            self.constants.append(node.tensor)
            self._texts[place] = "const"
            return "const"
        self.seen[place] = node
        made = _formula(node, [self.text(read) for read in node.reads], self._layer(node))
        self._texts[place] = made
        return made

    def _made(self, node: Made) -> Made:
        """Return the operator that made a mask, which is then given other axes."""
        while node.is_view and node.reads and isinstance(node.reads[0], int):
            above = self.record.nodes[node.reads[0]]
            if above.tensor.dtype != torch.bool:
                break
            node = above
        return node

    def _layer(self, node: Made) -> str:
        """Return the layer whose tensors an operator reads, "" where it reads none."""
        for read in node.reads:
            found: int | str = read
            while isinstance(found, int) and self.record.nodes[found].is_view:
                below = self.record.nodes[found].reads
                if len(below) != 1:
                    break
                found = below[0]
            if isinstance(found, str) and found not in self.record.inputs.values():
                return self.layers(found)
        return ""


def _formula(node: Made, texts: list[str], layer: str) -> str:
    name = node.operator
    values = list(dict.fromkeys(t for t in texts if t != layer)) or texts
    if name in NORMS:
        return f"{NORMS[name]}({values[0] if values else ''})"
    if name in PRODUCTS:
        if layer:
            return f"{layer}({', '.join(values)})"
        return " @ ".join(_bracketed(t) for t in texts)
    if node.is_view:
        if name in ("cat", "stack") and len(set(texts)) > 1:
            return f"[{', '.join(texts)}]"
        return f"{name}({texts[0]})" if name in ("roll", "flip") else (texts or ["const"])[0]
    signs = {"mul": " · ", "add": " + ", "sub": " - ", "div": " / "}
    if name in ("masked_fill", "where"):
        return f"masked({next((t for t in texts if t not in ('mask', 'const')), 'const')})"
    if name in signs:
        both = [_bracketed(t) if name != "add" else t for t in texts]
        if len(both) < 2:
            both += [number_text(n) for n in node.numbers[:1]]
        return signs[name].join(both or ["const"])
    if name == "rsub":
        return f"{number_text(node.numbers[0]) if node.numbers else 1} - {_bracketed(texts[0])}"
    if name == "pow" and node.numbers:
        return f"{_bracketed(texts[0])}^{number_text(node.numbers[0])}"
    if name == "neg":
        return f"-{_bracketed(texts[0])}"
    return f"{_SIGNS.get(name, name.strip('_'))}({', '.join(texts)})"


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text and not text.endswith(")") else text


def number_text(number: float) -> str:
    """Return a number as a formula has it: √8 for 2.828…"""
    square = number * number
    if not float(number).is_integer() and abs(square - round(square)) < 1e-9 and square > 0.5:
        return f"√{round(square)}"
    if 0 < number < 1 and not math.isclose(1 / number, round(1 / number)):
        inverse = 1 / square
        if abs(inverse - round(inverse)) < 1e-9 * inverse:
            return f"1/√{round(inverse)}"
    return f"{number:.4g}"
