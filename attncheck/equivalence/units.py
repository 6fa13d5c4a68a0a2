"""The subject's learned tensors, as units that a slot of the reference may read.

A unit is read through views that keep gradients, never copied: ties stay tied, and
``autograd.grad`` with respect to the subject's parameters compares both sides directly.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from attncheck.equivalence.norms import (
    FACTORS,
    epsilons,
    is_rms_norm,
    norm_of,
    one_more,
    statistics_of,
)
from attncheck.lazy import torch

View = Callable[["torch.Tensor"], "torch.Tensor"]


@dataclass(frozen=True)
class Unit:
    """One learned layer or tensor of the subject, read in one way.

    Attributes:
        owner: dotted name of the module, or of the bare parameter.
        kind: ``matrix`` (out, in), ``conv`` (out, in / groups, kernel…), ``norm``, ``tensor`` or
            ``buffer``.
        weight: dotted name of the weight, "" for a norm without one.
        bias: dotted name of the bias, "" without one.
        view: how the weight is read.
        reading: the view's name, for the report.
        stacked: weights of the same layer of other heads, whose rows follow.
        stacked_biases: their biases.
        norm: of a norm of the author's own: ``rms``, ``layer``, ``group`` or ``batch``.
        eps: its constant.
        statistics: its running mean and variance, by their dotted names.
    """

    owner: str
    kind: str
    weight: str
    bias: str
    view: View
    reading: str = ""
    stacked: tuple[str, ...] = ()
    stacked_biases: tuple[str, ...] = ()
    norm: str = ""
    eps: float = 0.0
    statistics: tuple[str, str] | None = None

    @cached_property
    def names(self) -> frozenset[str]:
        """The parameters that the unit consumes."""
        own = (self.weight, self.bias, *self.stacked, *self.stacked_biases)
        return frozenset(name for name in own if name)

    @property
    def inputs(self) -> int | None:
        """Which axis of a matrix's own tensor its inputs are, None where it has other axes."""
        return 1 if self.view is _same else 0 if self.view is _transposed else None

    def read(self, get: Callable[[str], torch.Tensor]) -> torch.Tensor:
        """Return the weight as a view of the parameters that ``get`` finds by their names."""
        weight = get(self.weight)
        if self.stacked:
            weight = torch.cat([weight, *(get(name) for name in self.stacked)])
        return self.view(weight)

    def read_bias(self, get: Callable[[str], torch.Tensor]) -> torch.Tensor | None:
        """Return the bias, or None without one."""
        if not self.bias:
            return None
        return torch.cat([get(n).reshape(-1) for n in (self.bias, *self.stacked_biases)])

    def describe(self) -> str:
        """Return the unit as the report names it."""
        return f"{self.owner} ({self.reading})" if self.reading else self.owner


def _same(t: torch.Tensor) -> torch.Tensor:
    return t


def _transposed(t: torch.Tensor) -> torch.Tensor:
    return t.transpose(0, 1)


def _flat(t: torch.Tensor) -> torch.Tensor:
    return t.flatten(1)


def _filter(t: torch.Tensor) -> torch.Tensor:
    return t[:, None]


def _row(t: torch.Tensor) -> torch.Tensor:
    return t[None]


_PAIRS = (
    ("weight", "bias"),
    ("gamma", "beta"),
    ("scale", "shift"),
    ("gain", "bias"),
    ("g", "b"),
    ("a", "b"),
    ("w", "b"),
    ("W", "b"),
    ("kernel", "bias"),
)
# A bare 3-D tensor holds a matrix per head; h heads of width d, i inputs, o outputs.
_PER_HEAD: dict[str, View] = {
    "per head, h i d": lambda t: t.permute(0, 2, 1).reshape(-1, t.shape[1]),
    "per head, h d o": lambda t: t.reshape(-1, t.shape[2]).transpose(0, 1),
    "per head, i h d": lambda t: t.reshape(t.shape[0], -1).transpose(0, 1),
    "per head, h d i": lambda t: t.reshape(-1, t.shape[2]),
    "per head, o h d": lambda t: t.reshape(t.shape[0], -1),
}


def units_of(module: torch.nn.Module) -> list[Unit]:
    """Return every reading of every learned layer and tensor, in the order of definition.

    Layers that lists hold once per head come first, as one matrix: head by head there are too
    many ways to place them.
    """
    single = list(_units(module))
    return [*_stacks(single, dict(module.named_parameters(remove_duplicate=False))), *single]


def _stacks(units: list[Unit], tensors: dict[str, torch.nn.Parameter]) -> Iterator[Unit]:
    """Yield the matrices whose rows are those of ``heads.0.q``, ``heads.1.q``, …"""
    lists: dict[str, list[Unit]] = {}
    for unit in units:
        if unit.kind == "matrix" and unit.reading != "transposed":
            parts = unit.owner.split(".")
            for at, part in enumerate(parts):
                if part.isdigit():
                    place = ".".join([*parts[:at], "*", *parts[at + 1 :]])
                    lists.setdefault(f"{place} {unit.reading}", []).append(unit)
    for place, found in lists.items():
        shapes = {tensors[unit.weight].shape for unit in found}
        if len(found) > 1 and len(shapes) == 1 and len({bool(unit.bias) for unit in found}) == 1:
            yield replace(
                found[0],
                owner=place.split(" ")[0],
                reading="the heads' rows one after another",
                stacked=tuple(unit.weight for unit in found[1:]),
                stacked_biases=tuple(unit.bias for unit in found[1:] if unit.bias),
            )


def _units(module: torch.nn.Module) -> Iterator[Unit]:
    bare = dict(module.named_parameters(remove_duplicate=False))
    for name, sub in module.named_modules():
        prefix = f"{name}." if name else ""
        own = {n for n, _ in sub.named_parameters(recurse=False)}
        weight = f"{prefix}weight" if "weight" in own else ""
        bias = f"{prefix}bias" if "bias" in own else ""
        kinds = {base.__name__ for base in type(sub).__mro__}
        if "Linear" in kinds and weight:
            yield Unit(name, "matrix", weight, bias, _same)
            if sub.weight.shape[0] == 1:
                yield Unit(name, "conv", weight, bias, _filter, "a filter over windows")
        elif "_ConvNd" in kinds and weight:
            if all(k == 1 for k in sub.kernel_size) and sub.groups == 1:
                yield Unit(name, "matrix", weight, bias, _flat, "1×1 convolution")
            yield Unit(name, "conv", weight, bias, _same)
            if sub.groups > 1 and not bias:
                yield Unit(name, "tensor", weight, "", _same, "weights per group")
        elif not _is_torchs(sub) and (own_norm := norm_of(sub)):
            scale, shift, kind, eps, factor = own_norm
            weight = f"{prefix}{scale}"
            bias = f"{prefix}{shift}" if shift else ""
            view = FACTORS[factor] if factor else _same
            yield Unit(name, "norm", weight, bias, view, factor, norm=kind, eps=eps)
        elif kinds & {"_NormBase", "LayerNorm", "GroupNorm"} or is_rms_norm(sub):
            yield Unit(name, "norm", weight, bias, _same)
        else:
            continue
        bare.pop(weight, None)
        bare.pop(bias, None)
    for name, parameter in bare.items():
        yield from _bare(name, parameter, bare)
        yield from _gains(name, parameter, bare, module)
    for name, buffer in module.named_buffers():
        yield Unit(name, "buffer", name, "", _same)
        if buffer.ndim == 2:
            yield Unit(name, "buffer", name, "", _transposed, "transposed")


def _is_torchs(module: torch.nn.Module) -> bool:
    """Say whether a layer is of torch's own class, which its name alone tells."""
    return type(module).__module__.startswith("torch.")


def _gains(
    name: str, parameter: torch.Tensor, others: Mapping[str, torch.Tensor], module: torch.nn.Module
) -> Iterator[Unit]:
    """Yield a bare vector as the gain of a norm that is written out in ``forward``."""
    if parameter.squeeze().ndim != 1:
        return
    shift = _bias_of(name, others, shaped=True)
    running = list(statistics_of(module, name))
    for view, reading in ((_same, "a bare gain"), (one_more, "1 + a bare gain")):
        for eps in epsilons(module):
            gain = Unit(name, "norm", name, "", view, reading, norm="rms", eps=eps)
            yield gain
            moved = replace(gain, bias=shift)
            if shift:
                yield replace(moved, norm="layer")
            if view is _same:
                yield replace(moved, norm="group")
                for pair in running:
                    yield replace(moved, norm="batch", statistics=pair)


def _bare(name: str, parameter: torch.Tensor, others: Mapping[str, torch.Tensor]) -> Iterator[Unit]:
    bias = _bias_of(name, others)
    if parameter.ndim == 1:
        yield Unit(name, "matrix", name, "", _row, "a vector as one row")
    elif parameter.ndim == 2:
        yield Unit(name, "matrix", name, bias, _same)
        yield Unit(name, "matrix", name, bias, _transposed, "transposed")
    elif parameter.ndim == 3:
        for reading, view in _PER_HEAD.items():
            yield Unit(name, "matrix", name, bias, view, reading)
    if parameter.ndim >= 3:
        yield Unit(name, "conv", name, bias, _same)
    yield Unit(name, "tensor", name, "", _same)
    yield from _turned(name, parameter)


def _turned(name: str, parameter: torch.Tensor) -> Iterator[Unit]:
    """Yield a table with its axes in every other order, those of size one left out."""
    shape = parameter.squeeze().shape
    if 2 <= len(shape) <= 4:
        for order in itertools.permutations(range(len(shape))):
            if order != tuple(range(len(shape))):
                yield Unit(name, "tensor", name, "", _axes(order), f"axes {order}")
            if len(shape) == 3:
                yield Unit(
                    name, "tensor", name, "", _axes(order, True), f"axes {order}, two as one"
                )
    if len(shape) > 2:  # a table of offsets, read by i - j where the definition has j - i
        yield Unit(name, "tensor", name, "", _sides_backwards, "two axes from last to first")
        yield Unit(name, "tensor", name, "", _late_sides_backwards, "the last two backwards, first")
    if len(shape) == 2:
        yield Unit(name, "tensor", name, "", _backwards, "rows from last to first")
        yield Unit(name, "tensor", name, "", _columns_backwards, "columns from last to first")
        if math.isqrt(shape[0]) ** 2 == shape[0] > 1:
            yield Unit(name, "tensor", name, "", _by_columns, "rows and columns exchanged")


def _backwards(t: torch.Tensor) -> torch.Tensor:
    return t.squeeze().flip(0)


def _sides_backwards(t: torch.Tensor) -> torch.Tensor:
    return t.squeeze().flip(0, 1)


def _late_sides_backwards(t: torch.Tensor) -> torch.Tensor:
    return t.squeeze().flip(-2, -1).movedim((-2, -1), (0, 1))


def _columns_backwards(t: torch.Tensor) -> torch.Tensor:
    return t.squeeze().t().flip(0)


def _by_columns(t: torch.Tensor) -> torch.Tensor:
    side = math.isqrt(len(t.squeeze()))
    return t.squeeze().reshape(side, side, -1).transpose(0, 1).flatten(0, 1)


def _axes(order: tuple[int, ...], flat: bool = False) -> View:
    def view(t: torch.Tensor) -> torch.Tensor:
        turned = t.squeeze().permute(order)
        return turned.flatten(0, 1) if flat else turned

    return view


def _bias_of(name: str, others: Mapping[str, torch.Tensor], *, shaped: bool = False) -> str:
    """Return the bare bias that belongs to a bare weight by its name, or "".

    ``shaped``: it may have axes of size one beside its own.
    """
    for weight, bias in _PAIRS:
        head, found, tail = name.rpartition(weight)
        candidate = f"{head}{bias}{tail}"
        if found and candidate in others:
            bare = others[candidate].squeeze() if shaped else others[candidate]
            if bare.ndim == 1:
                return candidate
    return ""
