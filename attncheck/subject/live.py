"""A live model: built as its target says, called once, and a part of it taken out of the call."""

from __future__ import annotations

import ast
import contextlib
import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

from attncheck.errors import TargetError, did_you_mean
from attncheck.lazy import torch
from attncheck.signature.convention import GivenInput
from attncheck.signature.factories import AsItIs, Within
from attncheck.signature.forward import forward_parameters
from attncheck.signature.inputs import input_text, parse_input
from attncheck.signature.live_target import LiveTarget
from attncheck.signature.offline import offline
from attncheck.signature.resolve import resolve
from attncheck.subject.dispatcher import sizes_are_numbers, spare_the_compiler
from attncheck.subject.handed import cache_handed, given_to
from attncheck.subject.sampling import draw, generator
from attncheck.subject.shorter import shortened

_TRIED = (
    *("2x3x64x64", "2x3x224x224", "2x1x28x28"),
    *("2x13:int", "2x64:int", "2x13x{C}", "2x{C}x16x16", "2x{C}"),
)
"""Inputs of a whole model, in the order in which they are tried; C is a width of its weights."""
_WIDTHS = 3
_SEED = 0
_VOCABULARY = 8
"""Indices are below it: few tables are shorter."""


@dataclass(frozen=True)
class ModelCall:
    """A call of a whole model that works: the texts of its inputs, and their tensors."""

    texts: list[str]
    positional: list[Any]
    named: dict[str, Any]


@dataclass(frozen=True)
class LiveCall:
    """A live module and a call of it.

    Attributes:
        module: what is called.
        positional, named: its arguments.
        device: where they are; ``meta`` where only shapes are known.
        built: the constructor's arguments that are no defaults, in words.
        texts: the whole model's call, as ``--input`` takes it.
    """

    module: torch.nn.Module
    positional: Sequence[Any]
    named: dict[str, Any]
    device: str = "cpu"
    built: str = ""
    texts: Sequence[str] = ()


def built(target: LiveTarget, folder: Path | None = None, device: str = "cpu") -> torch.nn.Module:
    """Return the whole model, in eval mode, without what wraps it.

    Args:
        target: the model.
        folder: what a relative path in it is relative to.
        device: ``cpu``, or ``meta`` for its shapes alone.

    Raises:
        TargetError: it cannot be imported or built, or is no module.
    """
    factory = resolve(target.factory, folder)
    try:
        # Every child builds it again: the same model, not one that is drawn anew.
        with offline(), torch.random.fork_rng(devices=[]):
            torch.manual_seed(_SEED)
            make = partial(factory, *target.arguments, **target.keywords)
            made: Any = of_shapes(make) if device == "meta" else make()
    except Exception as error:
        raise TargetError(
            f"building it raises {type(error).__name__}: {error}", where=target.whole
        ) from error
    if not isinstance(made, torch.nn.Module):
        raise TargetError(
            f"it makes a {type(made).__name__}, not a torch.nn.Module", where=target.whole
        )
    return unwrapped(made).eval()


@contextlib.contextmanager
def on_device(device: str) -> Iterator[None]:
    """On ``meta``, make tensors that are created without naming a device land there too."""
    if device != "meta":
        yield
        return
    spare_the_compiler()
    with sizes_are_numbers(), torch.device(device):
        yield


@contextlib.contextmanager
def building_on(device: str) -> Iterator[None]:
    """Build what stands inside on a device; for ``meta`` without drawing initial values."""
    with on_device(device), contextlib.ExitStack() as exits:
        for name, function in vars(torch.nn.init).items() if device == "meta" else ():
            if name.endswith("_") and inspect.isfunction(function):
                exits.enter_context(mock.patch.object(torch.nn.init, name, _as_it_is))
        yield


def _as_it_is(tensor: torch.Tensor, *_: Any, **__: Any) -> torch.Tensor:
    return tensor


def of_shapes(make: Callable[[], Any]) -> Any:
    """Return what is made on ``meta``, or moved there where making it asks for values."""
    try:
        with building_on("meta"):
            return make()
    except Exception:
        with building_on("meta"), torch.device("cpu"):
            made = make()
        return made.to("meta") if isinstance(made, torch.nn.Module) else made


def called(model: torch.nn.Module, target: LiveTarget, texts: Sequence[str]) -> ModelCall:
    """Return a call of the model that works: the one that is stated, else the first one found.

    Raises:
        TargetError: none works.
    """
    if texts:
        ways = [list(texts)]
    else:
        known = [p for p in model.parameters() if not torch.nn.parameter.is_lazy(p)]
        widths = dict.fromkeys(p.shape[-1] for p in known if p.ndim >= 1 and p.shape[-1] > 1)
        ways = [[text] for way in _TRIED for text in _filled(way, list(widths)[:_WIDTHS])]
    first = ""
    for way in ways:
        for calling in calls_of(way, typed=bool(texts)):
            try:
                with offline(), torch.no_grad():
                    model(*calling.positional, **calling.named)
            except Exception as error:
                first = first or f"{type(error).__name__}: {error}"
            else:
                return calling
    names = ", ".join(p.name for p in forward_parameters(model))
    tried = "that it is stated to take" if texts else "that we can think of"
    raise TargetError(
        f"no input {tried} works on forward({names}): {first}",
        where=target.whole,
        instead="state the whole model's call: --input 2x3x224x224, NAME=2x16, …",
    )


def part_of(model: torch.nn.Module, target: LiveTarget) -> torch.nn.Module:
    """Return the submodule that a target names.

    Raises:
        TargetError: there is none of this name.
    """
    parts: dict[str, torch.nn.Module] = dict(model.named_modules(remove_duplicate=False))
    found = parts.get(target.part)
    if found is None:
        names = [name for name, _ in model.named_modules() if name]
        raise TargetError(
            f"it has no submodule '{target.part}'",
            where=target.whole,
            instead=did_you_mean(target.part, names),
        )
    return found


def taken_out(
    target: LiveTarget, folder: Path | None, texts: Sequence[str]
) -> tuple[AsItIs, list[GivenInput]]:
    """Return a live module as it is, with its inputs as the whole model hands them to it.

    Args:
        target: the model, or a part of it.
        folder: what a relative path in the target is relative to.
        texts: the whole model's ``--input`` texts; found by trying where there are none.

    Raises:
        TargetError: it cannot be built or called, or never calls the part.
    """
    if not target.part:
        return AsItIs(built(target, folder)), [parse_input(text) for text in texts]
    return _handed(captured(target, folder, texts))


def in_place(part: Within) -> tuple[AsItIs, list[GivenInput]]:
    """Return a part of a model that is there, with its inputs as the model hands them to it.

    Raises:
        TargetError: the model cannot be called, or never calls the part.
    """
    target = LiveTarget(part.place, "", "", part=part.place)
    model = unwrapped(part.model).eval()
    inner = arguments_of(model, target, called(model, target, part.texts))
    return _handed(LiveCall(part_of(model, target), inner.positional, inner.named))


def _handed(call: LiveCall) -> tuple[AsItIs, list[GivenInput]]:
    handed = call.module, call.positional, call.named
    given = list(given_to(*handed))
    found = AsItIs(call.module, cache_handed(*handed))
    smaller = shortened(call.module, given)
    if smaller != given:
        found.called_at = ", ".join(input_text(one) for one in given if one.shape)
    return found, smaller


def captured(target: LiveTarget, folder: Path | None, texts: Sequence[str]) -> LiveCall:
    """Return a live module with what it is called with: a part as the whole calls it first.

    Args:
        target, folder, texts: as for :func:`taken_out`.

    Raises:
        TargetError: the model cannot be built or called, or never calls the part.
    """
    model = built(target, folder)
    calling = called(model, target, texts)
    if target.part and (part := part_of(model, target)) is not model:
        inner = arguments_of(model, target, calling)
        return LiveCall(part, inner.positional, inner.named)
    return LiveCall(model, calling.positional, calling.named)


def arguments_of(model: torch.nn.Module, target: LiveTarget, calling: ModelCall) -> ModelCall:
    """Return the call that a part of a model gets in a call of the whole.

    Raises:
        TargetError: it gets none, or there is no such part.
    """
    part = part_of(model, target)
    seen: list[tuple[list[Any], dict[str, Any]]] = []

    def watch(_: Any, args: Any, kwargs: Any) -> None:
        seen.append((list(args), kwargs))
        raise _SeenError

    handle = part.register_forward_pre_hook(watch, with_kwargs=True)
    try:
        with contextlib.suppress(_SeenError), offline(), torch.no_grad():
            model(*calling.positional, **calling.named)
    finally:
        handle.remove()
    if not seen:
        raise TargetError("the model's call never reaches this part", where=target.text)
    return ModelCall(calling.texts, *seen[0])


def watchable(model: torch.nn.Module) -> list[tuple[str, torch.nn.Module]]:
    """Return the submodules that tell when they are called: those that are no script's."""
    scripted = torch.jit.ScriptModule
    return [one for one in model.named_modules() if not isinstance(one[1], scripted)]


class _SeenError(Exception):
    """Ends a call that has shown what it was to show."""


def unwrapped(model: torch.nn.Module) -> torch.nn.Module:
    """Return the model inside DataParallel, DDP, or what ``torch.compile`` makes."""
    while True:
        inner = getattr(model, "_orig_mod", None)
        if inner is None and "Parallel" in type(model).__name__:
            inner = getattr(model, "module", None)
        if not isinstance(inner, torch.nn.Module):
            return model
        model = inner


def _filled(way: str, widths: Sequence[int]) -> list[str]:
    return [way.replace("{C}", str(width)) for width in widths] if "{C}" in way else [way]


def calls_of(texts: Sequence[str], *, typed: bool = True) -> Iterator[ModelCall]:
    """Yield calls with these shapes: of numbers, and of indices where the shape may be theirs.

    Args:
        texts: as ``--input`` takes them; ``:int`` behind one says that it holds indices.
        typed: whether somebody stated them, who does not say which of both they hold.
    """
    indices = any(text.endswith(":int") for text in texts)
    for whole in (False, True) if typed else (indices,):
        plain = [text.removesuffix(":int") for text in texts]
        given = [parse_input(text) for text in plain]
        if whole and all(len(one.shape) > 2 for one in given):
            continue
        yield ModelCall(
            plain,
            [_tensor(one, whole=whole) for one in given if not one.name],
            {one.name: _tensor(one, whole=whole) for one in given if one.name},
        )


def _tensor(given: GivenInput, *, whole: bool) -> Any:
    if given.literal:
        return ast.literal_eval(given.literal)
    if given.meaning in ("pad-true", "valid-true"):
        return torch.full(given.shape, given.meaning == "valid-true")
    if given.meaning:
        return torch.full(given.shape, float(given.meaning == "valid-01"))
    if whole and len(given.shape) <= 2:
        return (
            torch.arange(torch.Size(given.shape).numel()).remainder(_VOCABULARY).view(given.shape)
        )
    return draw(given.shape, generator(0)).float()
