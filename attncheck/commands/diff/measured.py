"""What a live model holds, and what one call of it shows: keys, costs, outputs, broken wiring.

Runs in a child process: it builds and calls what the target names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

import msgspec

from attncheck.auditing.job import Job
from attncheck.auditing.things import request_of
from attncheck.catalogue import load
from attncheck.commands.diff.measure import STATE, Handed, ModelMeasured
from attncheck.commands.diff.wiring import breaks_in, made_at
from attncheck.commands.scan.watched import settings_of
from attncheck.errors import TargetError
from attncheck.execution.messages import Opened
from attncheck.instruments.counting.count import untouched
from attncheck.instruments.counting.dispatch import counting
from attncheck.instruments.counting.parameters import inventory
from attncheck.instruments.memory import following
from attncheck.lazy import torch
from attncheck.signature.live_target import live_target
from attncheck.signature.offline import offline
from attncheck.source.digest import class_digest
from attncheck.source.files import file_of, is_library
from attncheck.subject.live import (
    ModelCall,
    arguments_of,
    built,
    called,
    calls_of,
    part_of,
    watchable,
)
from attncheck.subject.prepare import prepare
from attncheck.subject.trial import Trial


def measure(job: Job, note: Callable[[Any], None] | None = None) -> Iterator[Any]:
    """Yield the opening, then each step with what is known.

    Raises:
        TargetError: the model cannot be built, or has no such part.
    """
    yield Opened(None)
    if job.spec:
        yield job.claims[0]
        yield _state(_class_built(job))
        return
    target = live_target(job.target)
    if target is None:
        raise TargetError("is no live model", where=job.target)
    torch.backends.mha.set_fastpath_enabled(False)  # which goes past the submodules
    with made_at() as places:
        model = built(target, Path(job.folder) if job.folder else None)
    part = part_of(model, target) if target.part else model
    for step in job.claims:
        yield step
        if step == STATE:
            yield _state(part)
            continue
        try:
            calling = called(model, target, job.inputs)
        except TargetError as error:
            given = list(calls_of(job.inputs)) if job.inputs else []
            found = breaks_in(model, given, places)
            yield ModelMeasured(inputs=list(job.inputs), breaks=found, failed=error.what)
        else:
            if target.part:
                calling = arguments_of(model, target, calling)
            shown = _call(part, calling)
            held = _state(part)  # of lazy layers only now
            yield msgspec.structs.replace(
                shown, state=held.state, made=held.made, parameters=held.parameters, own=held.own
            )


def _class_built(job: Job) -> torch.nn.Module:
    """Return a module of a class at the sizes of its spec.

    Raises:
        SubjectError: it cannot be built or called there.
    """
    subject, failure = prepare(load(job.spec).document, request_of(job))
    if failure is not None:
        raise failure
    subject = subject.as_built
    return Trial(subject, subject.base()).module(initial=True)


def _state(model: torch.nn.Module) -> ModelMeasured:
    held = inventory(model)
    own: dict[str, int] = {}
    for entry in held.listed:
        owner = str(entry["name"]).rpartition(".")[0]
        own[owner] = own.get(owner, 0) + int(entry["numel"])
    state = {name: _shape(value) for name, value in model.state_dict().items()}
    parts = model.named_modules(remove_duplicate=False)
    return ModelMeasured(
        state=state,
        made={name: _made(part) for name, part in parts},
        parameters=held.total,
        own=own,
    )


def _made(part: torch.nn.Module) -> tuple[str, str, str, str]:
    """Return class, source, settings and shapes of a submodule, without those below it."""
    sources = [
        class_digest(path, kind.__qualname__)
        for kind in type(part).__mro__
        if (path := file_of(kind)) and not is_library(path)
    ]
    held = {**part._parameters, **part._buffers}
    shapes = [(name, _shape(value)) for name, value in held.items() if value is not None]
    settings = ", ".join(f"{name}={value}" for name, value in settings_of(part))
    return type(part).__qualname__, " ".join(sources), settings, str(shapes)


def _shape(value: Any) -> list[int]:
    """Return a tensor's shape, of several that are packed together the first one's.

    None is that of what is no tensor, or has its shape from the first call.
    """
    if isinstance(value, tuple) and value:
        return _shape(value[0])
    known = isinstance(value, torch.Tensor) and not torch.nn.parameter.is_lazy(value)
    return list(value.shape) if known else []


def _call(model: torch.nn.Module, calling: ModelCall) -> ModelMeasured:
    """Return what two calls show: one is counted, memory is followed through the other."""
    inputs = [*calling.positional, *calling.named.values()]
    tensors = [one for one in inputs if isinstance(one, torch.Tensor)]
    shapes: dict[str, list[int]] = {}
    scripted = any(isinstance(part, torch.jit.ScriptModule) for part in model.modules())
    with offline(), torch.no_grad(), nullcontext() if scripted else untouched(model):
        with counting(model) as tally, _shapes_of(model, shapes):
            output = model(*calling.positional, **calling.named)
        outputs = list(_given(output, ""))
        del output
        there = [*model.parameters(), *model.buffers(), *tensors]
        with following(there) as live:
            model(*calling.positional, **calling.named)
    return ModelMeasured(
        inputs=calling.texts,
        first=list(tensors[0].shape) if tensors else [],
        macs=dict(tally.innermost),
        memory=live.peak,
        unpriced=sorted(tally.unpriced),
        outputs=outputs,
        shapes=shapes,
    )


@contextmanager
def _shapes_of(model: torch.nn.Module, shapes: dict[str, list[int]]) -> Iterator[None]:
    """Note the shape of the first tensor that each submodule gives, of those called once."""
    calls: Counter[str] = Counter()

    def seen(name: str) -> Callable[..., None]:
        def hook(_: Any, __: Any, output: Any) -> None:
            first = next(_given(output, ""), None)
            calls[name] += 1
            if first is not None and calls[name] == 1:
                shapes[name] = first.shape
            else:
                shapes.pop(name, None)

        return hook

    parts = watchable(model)
    handles = [part.register_forward_hook(seen(name)) for name, part in parts]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _given(value: Any, place: str) -> Iterator[Handed]:
    """Yield the tensors in a nest of containers, with the way to each."""
    if isinstance(value, torch.Tensor):
        strides = value.stride() if value.layout is torch.strided else ()
        yield Handed(place, list(value.shape), list(strides))
    elif isinstance(value, Mapping):
        for name, one in value.items():
            yield from _given(one, f"{place}.{name}".lstrip("."))
    elif isinstance(value, (tuple, list)):
        names = getattr(value, "_fields", None)
        for at, one in enumerate(value):
            yield from _given(
                one, f"{place}.{names[at]}".lstrip(".") if names else f"{place}[{at}]"
            )
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _given(vars(value), place)
