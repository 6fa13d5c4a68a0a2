"""One call of which the multiply-accumulates were derived by hand.

The convention: one multiply-accumulate of a contraction (convolution, linear layer, matrix product)
is one MAC, and taps on padding count. A bias, a norm, a softmax, a pooling, an activation: none.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn


@dataclass(frozen=True)
class Case:
    """A module, what it is called with, and what a hand counts.

    Attributes:
        build: makes the module, on the CPU and in float32.
        inputs: positional arguments; a tuple of sizes is a float32 tensor, all else is as it is.
        how: where the number comes from, in symbols or words.
        macs: the number, its sizes written out.
        in_training: the number in training mode, where it differs.
        parameters: how many the module has; None for single operators.
        written_out: of the MACs, those written as a product and a sum of it, which is no
            contraction operator: ours counts them as element-wise work and names them.
        on_meta: whether torch itself can run it on ``meta``.
    """

    build: Callable[[], nn.Module]
    inputs: tuple[Any, ...]
    how: str
    macs: int
    in_training: int | None = None
    parameters: int | None = None
    written_out: int = 0
    on_meta: bool = True

    def hand(self, train: bool) -> int:
        """Return the MACs by hand in either mode."""
        return self.macs if self.in_training is None or not train else self.in_training

    def module(self, train: bool) -> nn.Module:
        """Return the module, always with the same parameters."""
        torch.manual_seed(0)
        return self.build().train(train)

    def arguments(self, device: str = "cpu") -> tuple[Any, ...]:
        """Return what the module is called with."""
        return tuple(
            torch.randn(given, device=device) if isinstance(given, tuple) else given
            for given in self.inputs
        )


class Call(nn.Module):
    """A function as a module; the modules that it calls may be given by name."""

    def __init__(self, function: Callable[..., Any], **children: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, child in children.items():
            self.add_module(name, child)
        self.children_first = bool(children)

    def forward(self, *inputs: Any) -> Any:
        return self.function(*([self] if self.children_first else []), *inputs)


class First(nn.Module):
    """The first result of a module that returns several; one input may stand for several."""

    def __init__(self, inner: nn.Module, times: int = 1, **keywords: Any) -> None:
        super().__init__()
        self.inner, self.times, self.keywords = inner, times, keywords

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.inner(*(inputs * self.times), **self.keywords)[0]
