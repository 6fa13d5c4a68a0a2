"""Build a row's network on ``meta`` and count it, once per network."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attncheck.catalogue import load
from attncheck.errors import UsageError
from attncheck.figuring.counters import COUNTERS, called
from attncheck.figuring.rows import Build, Part, Published
from attncheck.formula import evaluate
from attncheck.hosts import host
from attncheck.hosts.places import Place
from attncheck.lazy import torch
from attncheck.target.resolving import resolve
from attncheck.watching import spare_the_compiler, watching


@dataclass(frozen=True)
class Network:
    """What was counted of one network.

    Attributes:
        parameters: all of them, each once.
        folded: parameters once every BatchNorm is folded into the convolution before it.
        operations: counter -> operations, a multiply-add being one.
        inserted: place -> spec whose reference went there.
    """

    parameters: int
    folded: int
    operations: Mapping[str, int]
    inserted: Mapping[str, str]


def build(plan: Build) -> tuple[torch.nn.Module, dict[str, str]]:
    """Return a host with its attentions, and place -> spec of each.

    Raises:
        UsageError: there is no such host or spec, or no place of the host has such a name.
    """
    inserted: dict[str, str] = {}
    missing = {pattern for part in plan.parts for pattern in part.at}

    def attend(place: Place) -> torch.nn.Module | None:
        for part in plan.parts:
            for pattern in part.at:
                if fnmatch.fnmatchcase(place.name, pattern):
                    missing.discard(pattern)
                    inserted[place.name] = part.spec
                    return reference(part, place.channels)
        return None

    module = host(plan.host)(attend, **plan.settings)
    if missing:
        named = " or ".join(sorted(missing))
        raise UsageError(f"no place of '{plan.host}' is called {named}")
    return module, inserted


def reference(part: Part, channels: int) -> torch.nn.Module:
    """Return the catalogue's reference of a spec for a map of so many channels.

    Raises:
        UsageError: the catalogue has no such spec, or it has no reference.
    """
    document = load(part.spec).document
    if not document.reference:
        raise UsageError(f"'{part.spec}' has no reference")
    make = resolve(document.reference)
    takes: Mapping[str, Any] = getattr(make, "defaults", {"C": None})
    dims = {"C": channels} if "C" in takes else {}
    dims |= {name: evaluate(value, {"C": channels}) for name, value in part.dims.items()}
    module: torch.nn.Module = make(**{**dims, **part.options})
    return module


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


def _count(plan: Build, shapes: tuple[tuple[int, ...], ...]) -> Network:
    spare_the_compiler()
    with torch.device("meta"), torch.no_grad():
        module, inserted = build(plan)
        module.eval()
        inputs = [
            torch.zeros(shape, dtype=torch.float32 if len(shape) > 2 else torch.int64)
            for shape in shapes
        ]
        sums = dict.fromkeys(COUNTERS, 0.0)

        def run(_: Any, operator: Any, args: Any, kwargs: Any) -> Any:
            out = operator(*args, **kwargs)
            call = called(operator, args, kwargs, out)
            for name, price in COUNTERS.items():
                sums[name] += price(call)
            return out

        with watching(run):
            module(*inputs)
    parameters = sum(p.numel() for p in module.parameters())
    norms = [m for m in module.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    folded = parameters - sum(norm.num_features for norm in norms)
    return Network(parameters, folded, {k: round(v) for k, v in sums.items()}, inserted)
