"""One call of a live model, watched: the submodules that hold an attention, alike ones together.

Runs in a child process: it builds and calls what the target names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from attncheck.auditing.job import Job
from attncheck.auditing.things import unpacked
from attncheck.commands.scan.watch import Alike, Watched
from attncheck.errors import TargetError
from attncheck.execution.messages import Opened
from attncheck.lazy import torch
from attncheck.signature.factories import AsItIs
from attncheck.signature.inputs import input_text
from attncheck.signature.live_target import LiveTarget, live_target
from attncheck.signature.offline import offline
from attncheck.spec.kinship import named_so
from attncheck.subject.dispatcher import watching
from attncheck.subject.handed import cache_handed, given_to
from attncheck.subject.live import built, called, part_of, unwrapped, watchable

_FUSED = ("scaled_dot_product", "native_multi_head", "transformer_encoder_layer", "flash_att")
_PRODUCTS = {"bmm", "baddbmm", "mm"}
_SOFTMAX = {"_softmax", "softmax", "_safe_softmax"}
_SQUASH = {"sigmoid", "hardsigmoid"} | _SOFTMAX
_POOLED = {"mean", "sum", "amax", "max", "var", "var_mean", "std", "logsumexp"}
_TIMES = {"mul"}
_BOXES = ("Sequential", "ModuleList", "ModuleDict", "ParameterList")
_MOST_OPERATORS = 100_000


class _Handed(NamedTuple):
    """What a submodule was given first: as ``--input`` takes it; whether it decodes; what else."""

    texts: list[str]
    decodes: bool
    kept: bool = False


def watch(job: Job, note: Callable[[Any], None] | None = None) -> Iterator[Any]:
    """Yield the opening, the one step, and what was seen.

    Raises:
        TargetError: the model cannot be built or called, or has no such part.
    """
    target = LiveTarget(job.target, "", "") if job.carried else live_target(job.target)
    if target is None:
        raise TargetError("is no live model", where=job.target)
    yield Opened(None)
    yield job.claims[0]
    torch.backends.mha.set_fastpath_enabled(False)  # which goes past the submodules
    model = _model(job, target)
    calling = called(model, target, job.inputs)
    given: dict[str, _Handed] = {}
    if target.part:
        found = {target.part: ""}
        part_of(model, target)
    else:
        calls = _recorded(model, calling.positional, calling.named, given)
        found = _candidates(model, calls)
    parts = model.named_modules(remove_duplicate=False)
    tree = [(name, type(part).__name__) for name, part in parts]
    yield Watched(calling.texts, tree, _alike(model, found, given))


def _model(job: Job, target: LiveTarget) -> torch.nn.Module:
    """Return the model that a job takes along, or that its target builds."""
    if job.carried is None:
        return built(target, Path(job.folder) if job.folder else None)
    factory, _ = unpacked(job)
    if not isinstance(factory, AsItIs):
        raise TargetError("is no live model", where=job.target)
    return unwrapped(factory.module).eval()


def _recorded(
    model: torch.nn.Module,
    positional: Sequence[Any],
    named: dict[str, Any],
    given: dict[str, _Handed],
) -> dict[str, list[str]]:
    """Return the operators of each submodule that is called, those below it included.

    Args:
        model: the whole.
        positional, named: its call.
        given: takes what each submodule was given first.
    """
    running: list[str] = []
    calls: dict[str, list[str]] = {}

    def note(_: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        name = getattr(operator, "overloadpacket", operator).__name__.rstrip("_")
        for place in running:
            if len(calls[place]) < _MOST_OPERATORS:
                calls[place].append(name)
        return operator(*args, **(kwargs or {}))

    def enter(name: str) -> Callable[..., None]:
        def hook(part: torch.nn.Module, args: Any, kwargs: Any) -> None:
            if name not in calls:
                outer = running.copy()
                running.clear()  # what is looked at now is no work of theirs
                every = list(given_to(part, args, kwargs))
                texts = [input_text(one) for one in every if not one.is_kept]
                cached = bool(cache_handed(part, args, kwargs))
                kept = cached or any(one.is_kept for one in every)
                given[name] = _Handed(texts, cached, kept)
                running.extend(outer)
            calls.setdefault(name, [])
            running.append(name)

        return hook

    def leave(*_: Any) -> None:
        running.pop()

    handles = []
    for name, part in watchable(model):
        handles.append(part.register_forward_pre_hook(enter(name), with_kwargs=True))
        handles.append(part.register_forward_hook(leave))
    try:
        with offline(), torch.no_grad(), watching(note):
            model(*positional, **named)
    finally:
        for handle in handles:
            handle.remove()
    return calls


def _candidates(model: torch.nn.Module, calls: dict[str, list[str]]) -> dict[str, str]:
    """Return the innermost submodules with an attention's operators, and those named so."""
    kinds = {name: kind for name, operators in calls.items() if (kind := _kind(operators))}
    modules = dict(model.named_modules())
    of_its_own = {modules[name]: kind for name, kind in kinds.items()}
    found = {}
    for name in calls:
        part = modules[name]
        if not name or type(part).__name__.startswith(_BOXES):
            continue
        kind = kinds.get(name, "")
        inside = any(of_its_own.get(m) == kind for m in part.modules() if m is not part)
        speaks = named_so(type(part).__qualname__, attends=bool(kind))
        if (kind and not inside) or (speaks and not _is_plain(part)):
            found[name] = "" if inside else kind
    return found


def _is_plain(part: torch.nn.Module) -> bool:
    """Say whether it is a layer of torch's own that is no attention, whatever it is called."""
    return type(part).__module__.startswith("torch.nn") and "Attention" not in type(part).__name__


def _kind(operators: Sequence[str]) -> str:
    if any(name.lstrip("_").startswith(_FUSED) for name in operators):
        return "attention"
    for at, name in enumerate(operators):
        before, after = set(operators[:at]), set(operators[at + 1 :])
        if name in _SOFTMAX and before & _PRODUCTS and after & _PRODUCTS:
            return "attention"
        pooled = before & _POOLED or any("pool" in one for one in before)
        if name in _SQUASH and pooled and after & _TIMES:
            return "gate"
    return ""


def _alike(model: torch.nn.Module, found: dict[str, str], given: dict[str, _Handed]) -> list[Alike]:
    """Return the submodules of the same class, configuration and shapes together."""
    modules = dict(model.named_modules(remove_duplicate=False))
    groups: dict[Any, Alike] = {}
    for name, kind in found.items():
        part = modules[name]
        key = (type(part), _configuration(part))
        if key not in groups:
            path, line = _written(type(part))
            handed = given.get(name, _Handed([], False))
            groups[key] = Alike(type(part).__qualname__, kind, [], path, line, *handed)
        groups[key].places.append(name)
    same = {id(part): name for name, part in model.named_modules()}
    for name, part in modules.items():  # a module that stands in several places
        first = same[id(part)]
        for group in groups.values():
            if name != first and first in group.places and name not in group.places:
                group.places.append(name)
    return list(groups.values())


def _configuration(part: torch.nn.Module) -> tuple[Any, ...]:
    """Return the numbers, flags and shapes that a module and those below it are made of."""
    told: list[Any] = []
    for name, inner in part.named_modules():
        told.append((name, type(inner).__qualname__, *settings_of(inner)))
    told += [(name, tuple(tensor.shape)) for name, tensor in part.state_dict().items()]
    return tuple(told)


def settings_of(part: torch.nn.Module) -> list[tuple[str, str]]:
    """Return the numbers, flags and names that a module keeps of itself."""
    return sorted((k, repr(v)) for k, v in vars(part).items() if _is_setting(k, v))


def _is_setting(name: str, value: Any) -> bool:
    counted = name.startswith("_") or name in ("training", "layer_idx", "layer_id", "block_idx")
    plain = isinstance(value, (bool, int, float, str))
    plain = plain or (isinstance(value, tuple) and all(isinstance(v, (int, float)) for v in value))
    return plain and not counted


def _written(kind: type) -> tuple[str, int]:
    try:
        return inspect.getsourcefile(kind) or "", inspect.getsourcelines(kind)[1]
    except (OSError, TypeError):
        return "", 0
