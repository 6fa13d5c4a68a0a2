"""Where the wiring of a model breaks: layers that get other channels than they were made for.

Runs in a child process. A layer that does not fit is told with the line that made it, and then
given tensors that fit, so that the next call finds the next one.
"""

from __future__ import annotations

import linecache
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from attncheck.data.changes import Break
from attncheck.lazy import torch
from attncheck.signature.offline import offline
from attncheck.source.constructed import CallSite, ConstructorCall, sites_of, written_with
from attncheck.source.raised import where_raised
from attncheck.subject.live import ModelCall, watchable
from attncheck.subject.raising import first_line

Sites = Mapping[int, tuple[Any, tuple[CallSite, ...]]]
"""``id`` of a module -> itself, so that no other gets its ``id``, and the calls that made it."""

_MOST = 20
_WIDTHS = {  # what torch's layers call their width, and its axis in a batch of inputs
    "in_channels": 1,
    "in_features": -1,
    "num_features": 1,
    "num_channels": 1,
    "normalized_shape": -1,
    "input_size": -1,
    "embed_dim": -1,
}
_ALL_AXES = ("num_features", "num_channels", "normalized_shape")
"""Widths of layers that give back as many channels as they get."""


@contextmanager
def made_at() -> Iterator[Sites]:
    """Note where each module is made while the context is open."""
    found: dict[int, tuple[Any, tuple[CallSite, ...]]] = {}
    original = torch.nn.Module.__init__

    def noted(self: Any, *args: Any, **kwargs: Any) -> None:
        found[id(self)] = (self, sites_of(sys._getframe(1)))
        original(self, *args, **kwargs)

    torch.nn.Module.__init__ = noted  # type: ignore[method-assign]
    try:
        yield found
    finally:
        torch.nn.Module.__init__ = original  # type: ignore[method-assign]


def breaks_in(model: torch.nn.Module, calls: Sequence[ModelCall], sites: Sites) -> list[Break]:
    """Return where a call of a model breaks, in the order of the call; none where it works.

    Args:
        model: changed by this: layers that do not fit are given other tensors.
        calls: ways to call it; the one that comes furthest is followed.
        sites: where its modules were made.
    """
    if not calls:
        return []
    tried = [_run(model, calling) for calling in calls]
    run = max(tried, key=lambda one: one.done)
    calling = calls[tried.index(run)]
    found: list[Break] = []
    while run.error is not None and len(found) < _MOST:
        misfit = _misfit(run.layer, run.given)
        if misfit is None:
            told = _raised(run)
            # What holds a layer that was given other tensors may well break by them.
            follows = any(f"{one.layer}.".startswith(f"{told.layer}.") for one in found)
            return found if follows and told.layer else [*found, told]
        told = _told(run, misfit, sites)
        if not _fit(run.layer, misfit):
            return [*found, told]
        after = _run(model, calling)
        if after.error is not None and after.layer is run.layer:
            return [*found, _raised(run)]  # its width is not what is wrong
        found.append(told)
        run = after
    return found


@dataclass
class _Run:
    """One call: how far it came, and where it broke.

    Attributes:
        names: of the submodules that were running when it raised, innermost last.
        layer, given: the innermost one, and its first input.
        error: what was raised; None where it works.
        done: how many submodules had come to their end.
        gave: ``id`` of a tensor -> the submodule that gave it, and itself, so that it lives.
    """

    names: list[str] = field(default_factory=list)
    layer: Any = None
    given: Any = None
    error: Exception | None = None
    done: int = 0
    gave: dict[int, tuple[str, Any]] = field(default_factory=dict)


def _run(model: torch.nn.Module, calling: ModelCall) -> _Run:
    run, running = _Run(), list[tuple[str, Any, Any]]()

    def enter(name: str) -> Callable[..., None]:
        def hook(part: Any, args: Any) -> None:
            running.append((name, part, args[0] if args else None))

        return hook

    def leave(name: str) -> Callable[..., None]:
        def hook(_: Any, __: Any, output: Any) -> None:
            running.pop()
            run.done += 1
            if isinstance(output, torch.Tensor) and name:
                run.gave[id(output)] = (name, output)

        return hook

    handles = []
    for name, part in watchable(model):
        handles.append(part.register_forward_pre_hook(enter(name)))
        handles.append(part.register_forward_hook(leave(name)))
    try:
        with offline(), torch.no_grad():
            model(*calling.positional, **calling.named)
    except Exception as error:
        run.error = error
        run.names = [name for name, _, _ in running]
        _, run.layer, run.given = running[-1] if running else ("", model, None)
    finally:
        for handle in handles:
            handle.remove()
    return run


@dataclass(frozen=True)
class _Misfit:
    """A width of a layer of torch's, what it was made for, and what it gets."""

    kind: type
    name: str
    made_for: int
    got: int


def _misfit(part: Any, given: Any) -> _Misfit | None:
    """Return which width of a layer its input does not have; None where it has all."""
    kind = next(
        (k for k in type(part).__mro__ if k.__module__.startswith("torch.nn.modules")), None
    )
    if kind is None or kind is torch.nn.Module or not isinstance(given, torch.Tensor):
        return None
    for name, axis in _WIDTHS.items():
        width = vars(part).get(name)
        if isinstance(width, tuple) and len(width) == 1:
            width = width[0]
        if type(width) is int and given.ndim > max(axis, 0):
            got = int(given.shape[axis])
            return _Misfit(kind, name, width, got) if got != width else None
    return None


def _told(run: _Run, misfit: _Misfit, sites: Sites) -> Break:
    made = _sites_of(run.layer, misfit, sites)
    call = written_with(made, misfit.kind, misfit.name, misfit.got) or ConstructorCall("")
    shape = "×".join(map(str, run.given.shape))
    return Break(
        run.names[-1] if run.names else "",
        type(run.layer).__name__,
        f"is made for {misfit.name}={misfit.made_for}, and gets {misfit.got} ({shape})",
        giver=run.gave.get(id(run.given), ("", None))[0],
        line=call.line,
        written=call.text,
        fits=call.fits,
    )


def _sites_of(layer: Any, misfit: _Misfit, sites: Sites) -> tuple[CallSite, ...]:
    """Return the calls that made a layer; of a copy, those that made one like it."""
    if id(layer) in sites:
        return sites[id(layer)][1]
    alike = (
        made
        for one, made in sites.values()
        if type(one) is type(layer) and vars(one).get(misfit.name) == vars(layer).get(misfit.name)
    )
    return next(alike, ())


def _raised(run: _Run) -> Break:
    """Return what no layer's width explains: the line that raises."""
    assert run.error is not None
    place = where_raised(run.error)
    return Break(
        run.names[-1] if run.names else "",
        type(run.layer).__name__,
        f"raises {type(run.error).__name__}: {first_line(run.error)}",
        line=f"{place.path}:{place.line}" if place else "",
        written=linecache.getline(place.path, place.line).strip() if place else "",
    )


def _fit(part: Any, misfit: _Misfit) -> bool:
    """Give a layer tensors that fit what it gets; say whether that could be done."""
    name, before, after = misfit.name, misfit.made_for, misfit.got
    if name in _ALL_AXES:
        if name == "num_channels" and after % part.num_groups:
            return False
        for table in (part._parameters, part._buffers):
            for key, tensor in table.items():
                if isinstance(tensor, torch.Tensor) and tuple(tensor.shape) == (before,):
                    made = torch.ones(after, dtype=tensor.dtype)
                    table[key] = torch.nn.Parameter(made) if table is part._parameters else made
        setattr(part, name, (after,) if name == "normalized_shape" else after)
        return True
    transposed = "Transpose" in misfit.kind.__name__
    weight = part._parameters.get("weight")
    if not isinstance(weight, torch.Tensor) or getattr(part, "groups", 1) != 1:
        return False
    shape = list(weight.shape)
    shape[0 if transposed else 1] = after
    part._parameters["weight"] = torch.nn.Parameter(torch.zeros(shape, dtype=weight.dtype))
    setattr(part, name, after)
    return True
