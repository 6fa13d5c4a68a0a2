"""Build a row's network on ``meta`` and count it, once per network."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from attncheck.catalogue import load
from attncheck.commands.figures.counters import COUNTERS, called, counted
from attncheck.commands.figures.rows import Build, Placement, Published
from attncheck.data.formula import evaluate
from attncheck.errors import UsageError
from attncheck.lazy import torch
from attncheck.signature.resolve import Factory, resolve
from attncheck.subject.dispatcher import spare_the_compiler, watching

if TYPE_CHECKING:
    from attncheck.commands.figures.hosts.places import Place


@dataclass(frozen=True)
class Network:
    """What was counted of one network.

    Attributes:
        parameters: all of them, each once.
        folded: parameters once every BatchNorm is folded into the convolution before it.
        operations: (counter, attention pools by layers) -> operations, a multiply-add being one.
        places: into how many places an attention went.
    """

    parameters: int
    folded: int
    operations: Mapping[tuple[str, bool], int]
    places: int


def build(plan: Build) -> tuple[torch.nn.Module, list[str]]:
    """Return a host with its attentions, and the name of each place that has one.

    Raises:
        UsageError: there is no such host or spec, or no place of the host has such a name.
    """
    from attncheck.commands.figures.hosts import host  # its files import torch

    inserted: list[str] = []
    missing = {pattern for part in plan.parts for pattern in part.at}

    def attend(place: Place) -> torch.nn.Module | None:
        for part in plan.parts:
            for pattern in part.at:
                if fnmatch.fnmatchcase(place.name, pattern):
                    missing.discard(pattern)
                    inserted.append(place.name)
                    return reference(part, place.channels)
        return None

    module = host(plan.host, attend, **plan.settings)
    if missing:
        named = " or ".join(sorted(missing))
        raise UsageError(f"no place of '{plan.host}' is called {named}")
    return module, inserted


def reference(part: Placement, channels: int) -> torch.nn.Module:
    """Return the catalogue's reference of a spec for a map of so many channels.

    Raises:
        UsageError: the catalogue has no such spec, or it has no reference.
    """
    make = _definition(part.spec)
    takes: Mapping[str, Any] = getattr(make, "defaults", {"C": None})
    dims = {"C": channels} if "C" in takes else {}
    dims |= {name: evaluate(value, {"C": channels}) for name, value in part.dims.items()}
    module: torch.nn.Module = make(**{**dims, **part.options})
    return module


@cache
def _definition(spec: str) -> Factory:
    document = load(spec).document
    if not document.reference:
        raise UsageError(f"'{spec}' has no reference")
    return resolve(document.reference)


_COUNTED: dict[tuple[str, str], Network] = {}


def network(published: Published) -> Network:
    """Count a row's network under every counter; equal rows are counted once.

    Raises:
        UsageError: it cannot be built, and the message says why.
    """
    plan = published.row.build
    assert plan is not None
    key = (repr(plan), repr(published.input))
    if key not in _COUNTED:
        _COUNTED[key] = _count(plan, published.input)
    return _COUNTED[key]


_SAME_SHAPE = frozenset(("relu", "sigmoid", "hardtanh", "silu", "gelu", "hardswish", "tanh"))


def _count(plan: Build, shapes: tuple[tuple[int, ...], ...]) -> Network:
    sums = {(name, layers): 0.0 for name in COUNTERS for layers in (False, True)}

    def run(_: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        out = _result(operator, args, kwargs)
        if not getattr(operator, "is_view", False):
            for key, operations in counted(called(operator, args, kwargs, out)):
                sums[key] += operations
        return out

    spare_the_compiler()
    with torch.device("meta"), torch.no_grad():
        module, places = build(plan)
        module.eval()
        inputs = [
            torch.zeros(shape, dtype=torch.float if len(shape) > 2 else torch.long)
            for shape in shapes
        ]
        with watching(run):
            module(*inputs)
    parameters = sum(p.numel() for p in module.parameters())
    norms = [m for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    folded = parameters - sum(norm.num_features for norm in norms)
    return Network(parameters, folded, {k: round(v) for k, v in sums.items()}, len(places))


def _result(operator: Any, args: Any, kwargs: Any) -> Any:
    """Return what an operator returns on ``meta``; what keeps the shape is not worked out."""
    name = str(operator._schema.name).removeprefix("aten::")
    if name == "native_batch_norm":
        return torch.empty_like(args[0]), args[0].new_empty(0), args[0].new_empty(0)
    return torch.empty_like(args[0]) if name in _SAME_SHAPE else operator(*args, **kwargs)
