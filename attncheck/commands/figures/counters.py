"""What other people's counters see: each source's rule, read in that counter's own code.

All of them count a multiply-add of a convolution or a linear layer once. They differ in what else
they count, and in which contractions they cannot see.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from attncheck.instruments.counting.dispatch import price, short_name, tensors_in
from attncheck.lazy import torch

Price = Callable[["OperatorRun"], float]


@dataclass(frozen=True)
class OperatorRun:
    """One operator that has run.

    Attributes:
        name: the operator's, without namespace: ``convolution``.
        args: what went in.
        out: what came out.
        macs: its multiply-accumulates; 0 where it contracts nothing.
        seen: elements of the first input.
        made: elements of the first output.
        by_layer: whether the source's attention pools by a layer, which hooks can see.
    """

    name: str
    args: tuple[Any, ...]
    out: Any
    macs: int
    seen: int
    made: int
    by_layer: bool = False

    @property
    def pools_all(self) -> bool:
        """Whether it is a mean or a maximum over all positions, by a layer for pooling."""
        if self.name in ("mean", "amax") and len(self.args) > 1:
            axes = tuple(self.args[1])
            return axes == (-1, -2) or (self.by_layer and axes == (2, 3))
        return False


def called(operator: Any, args: Any, kwargs: Any, out: Any) -> OperatorRun:
    """Return a call with its multiply-accumulates."""
    name = short_name(operator).removeprefix("aten.").rstrip("_")
    macs = price(operator, args, kwargs, out) or 0
    return OperatorRun(name, args, out, macs, _elements(args), _elements(out))


def counted(call: OperatorRun) -> Iterator[tuple[tuple[str, bool], float]]:
    """Yield (counter, attention pools by layers) -> operations of one call."""
    pooled = replace(call, by_layer=True) if call.name in ("mean", "amax") else call
    for name, rule in COUNTERS.items():
        operations = rule(call)
        yield (name, False), operations
        yield (name, True), operations if pooled is call else rule(pooled)


def _elements(tree: Any) -> int:
    first = tree[0] if isinstance(tree, tuple) and tree else tree
    if not isinstance(first, torch.Tensor):
        first = next(iter(tensors_in(tree)), None)
    return 0 if first is None else int(first.numel())


def contractions(call: OperatorRun) -> float:
    """Every convolution and product, and nothing else."""
    return call.macs


def fvcore(call: OperatorRun) -> float:
    """Also norms (2 per element of a BatchNorm, 5 of others) and poolings by a layer."""
    if "batch_norm" in call.name:
        return 2 * call.seen
    if call.name in ("native_layer_norm", "native_group_norm"):
        return 5 * call.seen
    if call.pools_all:
        return call.seen
    return call.made if call.name.startswith("upsample_nearest") else call.macs


def thop(call: OperatorRun) -> float:
    """Layers only: norms at 2 per element, poolings, and no product written as a function."""
    if _is_norm(call):
        return 2 * call.seen
    if call.pools_all:
        return call.seen + call.made
    return _layers_only(call)


def thop_linear_twice(call: OperatorRun) -> float:
    """As thop, with 2 per multiply-add of a linear layer (its versions of 2019 and 2020)."""
    return 2 * call.macs if call.name in ("addmm", "mm") else thop(call)


def thop_fused(call: OperatorRun) -> float:
    """As thop on a network whose BatchNorms have become biases, each bias at 1 per element."""
    if "batch_norm" in call.name:
        return call.seen
    biased = call.name == "convolution" and call.args[2] is not None
    return thop(call) + (call.made if biased else 0)


def thop_2019(call: OperatorRun) -> float:
    """Layers only: BatchNorm at 4 per element, ReLU at 1, max pooling, 2 per MAC of a linear."""
    if "batch_norm" in call.name:
        return 4 * call.seen
    if call.name in ("relu", "hardtanh"):
        return call.seen
    if call.name.startswith("max_pool2d"):
        return float(math.prod(call.args[1]) * call.made)
    if call.pools_all:
        return call.seen + (call.made if call.name == "mean" else 0)
    if call.name in ("addmm", "mm"):
        return 2 * call.macs - call.made
    return _layers_only(call)


def ptflops(call: OperatorRun) -> float:
    """Layers only: BatchNorm at 2 per element, activations and poolings at 1, biases."""
    if "batch_norm" in call.name:
        return 2 * call.seen
    if call.name in ("relu", "hardtanh"):
        return call.made
    if call.pools_all or call.name.startswith(("max_pool2d", "avg_pool2d")):
        return call.seen
    biased = call.name == "convolution" and call.args[2] is not None
    return _layers_only(call) + (call.made if biased or call.name == "addmm" else 0)


def imgclsmob(call: OperatorRun) -> float:
    """Half of: 2 per MAC, BatchNorm at 4 per element, ReLU 1, sigmoid 4, pooling by its window."""
    if "batch_norm" in call.name:
        return 2 * call.seen
    if call.name in ("relu", "hardtanh"):
        return call.seen / 2
    if call.name == "sigmoid":
        return 2 * call.seen
    if call.name.startswith("max_pool2d"):
        return float(math.prod(call.args[1]) * call.made) / 2
    if call.pools_all:  # a global pooling of its framework says that its window is 1×1
        return (call.made if tuple(call.args[1]) == (2, 3) else call.seen) / 2
    if call.name == "convolution" and call.args[2] is None:
        # (2·k·k·positions − 1)·in·out/groups: its code takes one addition off per kernel
        weight: torch.Tensor = call.args[1]
        return call.macs - weight.shape[0] * weight.shape[1] / 2
    return _layers_only(call)


def _is_norm(call: OperatorRun) -> bool:
    return "norm" in call.name and call.name.startswith(("native", "_native", "cudnn"))


def _layers_only(call: OperatorRun) -> float:
    """Hooks on layers cannot see products that are written as functions."""
    return 0 if call.name in ("bmm", "baddbmm", "mv", "dot") else call.macs


COUNTERS: dict[str, Price] = {
    "contractions": contractions,
    "fvcore": fvcore,
    "imgclsmob": imgclsmob,
    "ptflops": ptflops,
    "thop": thop,
    "thop-linear-twice": thop_linear_twice,
    "thop-fused": thop_fused,
    "thop-2019": thop_2019,
}
"""Name -> price of one call, in operations where a multiply-add is one."""
