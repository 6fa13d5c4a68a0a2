"""Slots: the learned tensors that a definition names, with symbolic shapes.

A definition is a function of slots, so that it can read the tensors of its own module or, bound
by views, those of any implementation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from attncheck.data.formula import evaluate


@dataclass(frozen=True)
class Slot:
    """One learned layer or tensor.

    Attributes:
        kind: ``linear`` (a matrix: ``nn.Linear`` or a 1×1 convolution), ``conv``, ``norm``
            (weight, bias and statistics as one unit), ``tensor``, or ``buffer`` (drawn once,
            never learned).
        sizes: formulas: (in, out) of a linear or conv, (features,) of a norm, any of a tensor.
        bias: whether it has a bias: True, False, or the option that says so.
        when: the option without which the slot does not exist, or ``option == value``,
            ``option != value``; "" when it always does.
        settings: kernel, groups, dilation, stride, padding, rank; of a norm: rank (BatchNorm),
            groups (GroupNorm), rms (RMSNorm), none (LayerNorm); formulas or values.
        start: initial value of a tensor, or of a norm's or layer's weight where the paper says it.
    """

    kind: str
    sizes: tuple[str, ...]
    bias: bool | str = False
    when: str = ""
    settings: tuple[tuple[str, Any], ...] = ()
    start: float | None = None

    def exists(self, values: Mapping[str, Any]) -> bool:
        """Say whether the slot exists under these options."""
        for sign, equal in ((" == ", True), (" != ", False)):
            option, found, value = self.when.partition(sign)
            if found:
                return (str(values[option]) == value) is equal
        option, found, several = self.when.partition(" in ")
        if found:
            return str(values[option]) in several.split(", ")
        return not self.when or bool(values[self.when])

    def has_bias(self, values: Mapping[str, Any]) -> bool:
        """Say whether it has a bias under these options."""
        return bool(values[self.bias]) if isinstance(self.bias, str) else self.bias

    def shape(self, values: Mapping[str, Any]) -> tuple[int, ...]:
        """Return its symbolic sizes as numbers."""
        return tuple(int(evaluate(size, values)) for size in self.sizes)

    def setting(self, name: str, values: Mapping[str, Any], default: Any = None) -> Any:
        """Return one of its settings as a number."""
        found = dict(self.settings).get(name, default)
        return evaluate(found, values) if isinstance(found, str) else found

    def padding(self, values: Mapping[str, Any]) -> int:
        """Return the zeros that a convolution adds on each side: "same" unless stated."""
        around = int(self.setting("kernel", values, 1)) - 1
        same = int(self.setting("dilation", values, 1)) * around // 2
        return int(self.setting("padding", values, same))

    def make(self, values: Mapping[str, Any]) -> nn.Module | torch.Tensor:
        """Return the layer, parameter or buffer that fills this slot in our own module."""
        sizes = self.shape(values)
        bias = self.has_bias(values)
        match self.kind:
            case "linear":
                return self._started(nn.Linear(sizes[0], sizes[1], bias=bias))
            case "conv":
                return self._started(_conv(self, sizes, bias, values))
            case "norm":
                return self._started(_norm(self, sizes, values))
            case "buffer":
                return torch.randn(sizes)
        start = 0.02 if self.start is None else self.start
        if self.start is None:
            return nn.Parameter(torch.randn(sizes) * start)
        return nn.Parameter(torch.full(sizes, float(start)))

    def _started(self, layer: nn.Module) -> nn.Module:
        if self.start is not None:
            nn.init.constant_(layer.weight, self.start)  # type: ignore[arg-type]
            if getattr(layer, "bias", None) is not None:
                nn.init.zeros_(layer.bias)  # type: ignore[arg-type]
        return layer


def _conv(slot: Slot, sizes: tuple[int, ...], bias: bool, values: Mapping[str, Any]) -> nn.Module:
    rank = int(slot.setting("rank", values, 2))
    kernel = int(slot.setting("kernel", values, 1))
    dilation = int(slot.setting("dilation", values, 1))
    make = nn.Conv1d if rank == 1 else nn.Conv2d
    return make(
        sizes[0],
        sizes[1],
        kernel,
        stride=int(slot.setting("stride", values, 1)),
        padding=slot.padding(values),
        dilation=dilation,
        groups=int(slot.setting("groups", values, 1)),
        bias=bias,
    )


def _norm(slot: Slot, sizes: tuple[int, ...], values: Mapping[str, Any]) -> nn.Module:
    if (groups := slot.setting("groups", values)) is not None:
        return nn.GroupNorm(int(groups), sizes[0])
    if slot.setting("rms", values):
        return nn.RMSNorm(sizes, eps=1e-6)
    if (rank := slot.setting("rank", values)) is None:
        return nn.LayerNorm(sizes)
    return nn.BatchNorm1d(sizes[0]) if rank == 1 else nn.BatchNorm2d(sizes[0])


def linear(
    inputs: str,
    outputs: str,
    *,
    bias: bool | str = False,
    when: str = "",
    start: float | None = None,
) -> Slot:
    """Declare a matrix from ``inputs`` features to ``outputs`` features."""
    return Slot("linear", (inputs, outputs), bias, when, start=start)


def conv(
    inputs: str, outputs: str, *, bias: bool | str = False, when: str = "", **settings: Any
) -> Slot:
    """Declare a convolution, with its ``kernel``, ``dilation``, ``groups``, ``stride``, ``rank``.

    The ``padding`` is "same" unless given.
    """
    return Slot("conv", (inputs, outputs), bias, when, tuple(settings.items()))


def batch_norm(features: str, *, rank: int = 2, when: str = "", start: float | None = None) -> Slot:
    """Declare a BatchNorm over ``features`` channels of a map (rank 2) or of vectors (rank 1)."""
    return Slot("norm", (features,), True, when, (("rank", rank),), start)


def layer_norm(*features: str, when: str = "") -> Slot:
    """Declare a LayerNorm over the trailing ``features``."""
    return Slot("norm", features, True, when)


def group_norm(features: str, groups: str, *, when: str = "") -> Slot:
    """Declare a GroupNorm over ``features`` channels in ``groups`` groups."""
    return Slot("norm", (features,), True, when, (("groups", groups),))


def rms_norm(features: str, *, when: str = "") -> Slot:
    """Declare an RMSNorm over the last axis of ``features``."""
    return Slot("norm", (features,), False, when, (("rms", True),))


def token_norm(features: str, rms: str, *, when: str = "") -> Slot:
    """Declare a LayerNorm over the last axis, or an RMSNorm where the option ``rms`` says so.

    Which of the two an implementation has is read off its layer, as biases are.
    """
    return Slot("norm", (features,), True, when, (("rms", rms),))


def tensor(*sizes: str, start: float | None = None, when: str = "") -> Slot:
    """Declare a bare parameter, such as CCNet's gamma."""
    return Slot("tensor", sizes or ("1",), False, when, start=start)


def buffer(*sizes: str, when: str = "") -> Slot:
    """Declare a tensor of normal numbers that is drawn once and stays, such as a projection."""
    return Slot("buffer", sizes, False, when)
