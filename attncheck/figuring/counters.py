"""What other people's counters see: each source's rule, read in that counter's own code.

All of them count a multiply-add of a convolution or a linear layer once. They differ in what else
they count, and in which contractions they cannot see.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from attncheck.counting.dispatch import price, short_name, tensors_in
from attncheck.lazy import torch

Price = Callable[["Call"], float]


@dataclass(frozen=True)
class Call:
    """One operator that has run: what it is, what went in, what came out, its MACs or None."""

    operator: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    out: Any
    macs: int | None

    @property
    def name(self) -> str:
        """The operator's name without namespace: ``convolution``."""
        return short_name(self.operator).removeprefix("aten.").rstrip("_")

    @property
    def seen(self) -> int:
        """Elements of the first input."""
        return _elements(self.args)

    @property
    def made(self) -> int:
        """Elements of the first output."""
        return _elements(self.out)

    @property
    def pools_all(self) -> bool:
        """Whether it is a mean over positions by a pooling layer, which keeps the axes."""
        return self.name == "mean" and tuple(self.args[1:3]) == ([-1, -2], True)


def _elements(tree: Any) -> int:
    tensors = tensors_in(tree)
    return math.prod(tensors[0].shape) if tensors else 0


def called(operator: Any, args: Any, kwargs: Any, out: Any) -> Call:
    """Return a call with its multiply-accumulates."""
    return Call(operator, args, kwargs, out, price(operator, args, kwargs, out))


def contractions(call: Call) -> float:
    """Every convolution and product, and nothing else."""
    return call.macs or 0


def fvcore(call: Call) -> float:
    """Also norms (2 per element of a BatchNorm, 5 of others) and poolings by a layer."""
    if "batch_norm" in call.name:
        return 2 * call.seen
    if call.name in ("native_layer_norm", "native_group_norm"):
        return 5 * call.seen
    if call.pools_all or "adaptive_avg_pool" in call.name:
        return call.seen
    if call.name.startswith("upsample_nearest"):
        return call.made
    return call.macs or 0


def thop(call: Call) -> float:
    """Layers only: norms at 2 per element, pooling, 2 per MAC of a linear, no other products."""
    if call.name.startswith(("native", "_native", "cudnn")) and "norm" in call.name:
        return 2 * call.seen
    if call.pools_all:
        return call.seen + call.made
    if call.name in ("addmm", "mm"):
        return 2 * (call.macs or 0)
    return 0 if call.name in ("bmm", "baddbmm", "mv", "dot") else call.macs or 0


def thop_2019(call: Call) -> float:
    """Layers only: BatchNorm at 4 per element, ReLU at 1, max pooling, 2 per MAC of a linear."""
    if "batch_norm" in call.name:
        return 4 * call.seen
    if call.name in ("relu", "hardtanh"):
        return call.seen
    if call.name.startswith("max_pool2d"):
        return math.prod(call.args[1]) * call.made
    if call.pools_all:
        return call.seen + call.made
    if call.name in ("addmm", "mm"):
        return 2 * (call.macs or 0) - call.made
    return 0 if call.name in ("bmm", "baddbmm", "mv", "dot") else call.macs or 0


def imgclsmob(call: Call) -> float:
    """Half of: 2 per MAC, BatchNorm at 4 per element, ReLU 1, sigmoid 4, pooling by its window."""
    if "batch_norm" in call.name:
        return 2 * call.seen
    if call.name in ("relu", "hardtanh"):
        return call.seen / 2
    if call.name == "sigmoid":
        return 2 * call.seen
    if call.name.startswith("max_pool2d"):
        return math.prod(call.args[1]) * call.made / 2
    if call.pools_all:
        return call.seen / 2
    if call.name == "convolution" and call.args[2] is None:
        # (2·k·k·positions − 1)·in·out/groups: its code takes one addition off per kernel
        weight: torch.Tensor = call.args[1]
        return (call.macs or 0) - weight.shape[0] * weight.shape[1] / 2
    return 0 if call.name in ("bmm", "baddbmm") else call.macs or 0


COUNTERS: dict[str, Price] = {
    "contractions": contractions,
    "fvcore": fvcore,
    "thop": thop,
    "thop-2019": thop_2019,
    "imgclsmob": imgclsmob,
}
"""Name -> price of one call, in operations where a multiply-add is one."""
