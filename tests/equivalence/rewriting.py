"""Random rewrites of a reference: other storage, names and order, other words for its steps."""

from __future__ import annotations

import ast
import inspect
import random
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from attncheck.mutation.definition import Definition
from attncheck.reference.mechanism import Mechanism
from attncheck.reference.slots import Slot

Read = Callable[[nn.Module], Any]
NAMES = ["proj", "fc", "to_out", "body", "op", "w1", "lin", "stem", "unit", "head", "net", "part"]


class Rewritten(nn.Module):
    """A definition on tensors that are stored in another way.

    Args:
        mechanism: the definition.
        function: it, or something else that takes the same slots.
        values: dims and options.
        dice: decides on storage, names and order.
    """

    def __init__(
        self,
        mechanism: Mechanism,
        function: Callable[..., Any],
        values: dict[str, Any],
        dice: random.Random,
    ) -> None:
        super().__init__()
        self.function, self.values = function, values
        if "heads" in values:
            self.heads = values["heads"]  # no tensor tells it, and every module keeps it
        present = {n: s for n, s in mechanism.slots.items() if s.exists(values)}
        self.readers: dict[str, Read] = {n: lambda m: None for n in mechanism.slots}
        names = [f"{name}{dice.choice(['', '_a', '2'])}" for name in NAMES]
        dice.shuffle(names)
        names[:0] = [f"{name}_{again}" for again in range(4) for name in NAMES]  # blocks have many
        groups = list(_groups(present, values, dice))
        names = [f"more{n}" for n in range(len(groups) - len(names))] + names
        stored = [(group, names.pop(), dice.choice(_FORMS)) for group in groups]
        stored = _one_transposed(stored)
        dice.shuffle(stored)
        stored = _vectors_in_order(stored, list(present))
        for group, name, form in stored:
            self.readers |= _store(self, group, name, form, values)
        parameters = list(inspect.signature(mechanism.function).parameters.values())[2:]
        self.forward_signature = inspect.Signature(parameters)

    def forward(self, *inputs: Tensor, **named: Any) -> Any:
        slots = SimpleNamespace(**{name: read(self) for name, read in self.readers.items()})
        options = SimpleNamespace(**self.values, training=self.training)
        return self.function(slots, options, *inputs, **named)


def _one_transposed(stored: list[Any]) -> list[Any]:
    """Keep one bare matrix the other way round, in definitions with few: nothing tells which."""
    seen = len(stored) > 6
    for at, (group, name, form) in enumerate(stored):
        if form == "transposed" and seen:
            stored[at] = (group, name, "matrix")
        seen = seen or form == "transposed"
    return stored


def _vectors_in_order(stored: list[Any], names: list[str]) -> list[Any]:
    """Keep bare vectors of one size in their declared order: without names nothing else tells."""
    places: dict[tuple[str, ...], list[int]] = {}
    for at, (group, *_) in enumerate(stored):
        if group[0][1].kind == "tensor":
            places.setdefault(group[0][1].sizes, []).append(at)
    ordered = list(stored)
    for taken in places.values():
        found = sorted((stored[at] for at in taken), key=lambda one: names.index(one[0][0][0]))
        for at, one in zip(taken, found, strict=True):
            ordered[at] = one
    return ordered


def _groups(
    slots: dict[str, Slot], values: dict[str, Any], dice: random.Random
) -> Iterator[list[tuple[str, Slot]]]:
    """Yield slots one by one, or runs of matrices on one input that may be fused."""
    left = list(slots.items())
    while left:
        run = 1
        while run < min(3, len(left)) and _fusible(left[0][1], left[run][1], values):
            run += 1
        run = dice.choice([1, run]) if run > 1 else 1
        yield left[:run]
        left = left[run:]


def _fusible(first: Slot, other: Slot, values: dict[str, Any]) -> bool:
    return (
        first.kind == other.kind == "linear"
        and first.sizes[0] == other.sizes[0]
        and first.has_bias(values) == other.has_bias(values)
        and (first.sizes[1] == other.sizes[1] or "*" not in first.sizes[1] + other.sizes[1])
    )


_FORMS = ("linear", "conv", "matrix", "transposed")


def _store(
    module: nn.Module, group: list[tuple[str, Slot]], name: str, form: str, values: dict[str, Any]
) -> dict[str, Read]:
    """Register what holds these slots under a name; return how each is read."""
    slot = group[0][1]
    if slot.kind == "tensor":
        shape = slot.shape(values)
        module.register_parameter(name, nn.Parameter(torch.randn(1, 1, *shape)))
        return {group[0][0]: lambda m: getattr(m, name).reshape(shape)}
    if slot.kind == "buffer":
        module.register_buffer(name, slot.make(values))
        return {group[0][0]: lambda m: getattr(m, name)}
    if slot.kind != "linear":
        module.add_module(name, slot.make(values))
        return {group[0][0]: lambda m: getattr(m, name)}
    inputs = slot.shape(values)[0]
    outs = [s.shape(values)[1] for _, s in group]
    bias = slot.has_bias(values)
    _make(module, name, form, inputs, sum(outs), bias)
    readers: dict[str, Read] = {}
    start = 0
    for (slot_name, _), size in zip(group, outs, strict=True):
        readers[slot_name] = _rows(name, form, slice(start, start + size))
        start += size
    return readers


def _make(module: nn.Module, name: str, form: str, inputs: int, outs: int, bias: bool) -> None:
    if form == "linear":
        module.add_module(name, nn.Linear(inputs, outs, bias=bias))
    elif form == "conv":
        module.add_module(name, nn.Conv2d(inputs, outs, 1, bias=bias))
    else:
        shape = (outs, inputs) if form == "matrix" else (inputs, outs)
        module.register_parameter(f"{name}_weight", nn.Parameter(torch.randn(shape)))
        if bias:
            module.register_parameter(f"{name}_bias", nn.Parameter(torch.zeros(outs)))


def _rows(name: str, form: str, rows: slice) -> Read:
    def read(module: nn.Module) -> SimpleNamespace:
        if form in ("linear", "conv"):
            layer = getattr(module, name)
            weight, bias = layer.weight.flatten(1), layer.bias
        else:
            weight = getattr(module, f"{name}_weight")
            weight = weight if form == "matrix" else weight.mT
            bias = getattr(module, f"{name}_bias", None)
        return SimpleNamespace(weight=weight[rows], bias=None if bias is None else bias[rows])

    return read


_WORDS: dict[str, tuple[str, ...]] = {
    "relu": ("{0}.clamp(min=0)", "torch.nn.functional.relu({0})", "0.5 * ({0} + {0}.abs())"),
    "sigmoid": ("1 / (1 + torch.exp(-({0})))", "torch.nn.functional.sigmoid({0})"),
    "silu": ("{0} * torch.sigmoid({0})", "torch.nn.SiLU()({0})"),
    "softmax": (
        "torch.nn.functional.softmax({0}, dim={1})",
        "torch.log_softmax({0}, {1}).exp()",
        "torch.exp({0} - torch.logsumexp({0}, {1}, True))",
    ),
    "linear": ("torch.einsum('...i,oi->...o', {1}, {0}.weight) + (0 if {0}.bias is None "
               "else {0}.bias)",),
    "pointwise": ("torch.nn.functional.linear({1}.movedim(1, -1), {0}.weight, {0}.bias)"
                  ".movedim(-1, 1)",),
    "mean_hw": ("{0}.flatten(2).mean(-1)", "torch.einsum('bchw->bc', {0}) / {0}[0, 0].numel()"),
    "max_hw": ("{0}.flatten(2).max(-1).values",),
    "mean_c": ("{0}.sum(1, keepdim=True) / {0}.shape[1]",),
    "max_c": ("{0}.max(1, keepdim=True).values",),
    "flat_hw": ("{0}.reshape({0}.shape[0], {0}.shape[1], -1)",),
    "over_hw": ("{0}.unsqueeze(-1).unsqueeze(-1)", "{0}.reshape(*{0}.shape, 1, 1)"),
    "merge_heads": ("torch.einsum('bhnd->bnhd', {0}).flatten(2)",),
    "split_heads": ("{0}.unflatten(-1, ({1}, -1)).permute(0, 2, 1, 3)",),
}  # fmt: skip


def reworded(mechanism: Mechanism, dice: random.Random) -> Callable[..., Any]:
    """Return the definition with about half of its steps said in other words."""
    definition = Definition(mechanism)
    changes: dict[ast.stmt, dict[int, ast.AST]] = {}
    for statement in definition.statements():
        node = getattr(statement, "value", None)
        new = _other_words(node, dice) if isinstance(node, ast.expr) else None
        if new is not None and dice.random() < 0.5:
            changes[statement] = {id(node): new}
    return definition.compile(definition.replaced(changes))


def _other_words(node: ast.expr, dice: random.Random) -> ast.expr | None:
    text = ""
    match node:
        case ast.Call(func=ast.Name(id=name), args=arguments) if name in _WORDS:
            words = [f"({ast.unparse(a)})" for a in arguments]
            text = dice.choice(_WORDS[name]).format(*words)
        case ast.BinOp(left=a, op=ast.MatMult(), right=b):
            a, b = ast.unparse(a), ast.unparse(b)  # type: ignore[assignment]
            text = dice.choice([f"torch.matmul({a}, {b})", f"(({b}).mT @ ({a}).mT).mT"])
            if ".w_" in f"{b}":
                return None  # a vector
        case ast.BinOp(left=a, op=ast.Add(), right=b):
            text = f"torch.add({ast.unparse(b)}, {ast.unparse(a)})"
        case ast.BinOp(left=a, op=ast.Mult(), right=b):
            text = f"torch.mul({ast.unparse(b)}, {ast.unparse(a)})"
    return ast.parse(text, mode="eval").body if text else None
