"""A module called as it is written: built, and given what is stated in the order of ``forward``.

No spec says how: what is stated stands, the author's defaults stand, and what is left (a width that
the constructor asks for, whether two axes hold numbers or indices) is found by trying, on shapes
alone where those suffice.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from attncheck.errors import TargetError
from attncheck.lazy import torch
from attncheck.signature.binding import ASSUMED, STATED
from attncheck.signature.constructor import MissingError, bindings, parameters_of
from attncheck.signature.convention import GivenInput
from attncheck.signature.factories import AsItIs
from attncheck.signature.forward import is_required, named_parameters
from attncheck.signature.inputs import input_text
from attncheck.signature.live_target import LiveTarget
from attncheck.signature.offline import offline
from attncheck.signature.resolve import Factory, resolve
from attncheck.signature.stated import StatedArgument, stated_argument
from attncheck.subject.live import (
    LiveCall,
    ModelCall,
    arguments_of,
    built,
    of_shapes,
    on_device,
    part_of,
    unwrapped,
)
from attncheck.subject.plain_refusal import refusal
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.sampling import seed_everything
from attncheck.subject.stated_calls import calls_of_kinds, found_calls

T = TypeVar("T")
Run = Callable[[LiveCall], T]
_SMALL = 2**20
"""Elements up to which a call that shapes do not suffice for is tried with numbers as well."""
_MOST_WIDTHS, _MOST_TRIES = 128, 400


@dataclass(frozen=True)
class PlainAsked:
    """What is to be called, and with what.

    Attributes:
        target: as it was typed, for messages.
        texts: ``--input`` texts; none where a call is to be found.
        live: the live model that the target names, if it does.
        factory: what makes the module, where no target is to be resolved.
        folder: what a relative path in the target is relative to.
        arguments: of the constructor; texts may be formulas over ``B C N H W``.
        device: ``cpu``, or ``meta`` for shapes alone; "" for shapes where they suffice.
    """

    target: str
    texts: Sequence[str] = ()
    live: LiveTarget | None = None
    factory: Factory | None = None
    folder: Path | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    device: str = ""


@dataclass
class Tries:
    """What came of the calls that did not work.

    Attributes:
        module: the first that was built.
        error: what the likeliest call raised.
        shapes_lack: whether values were asked for where there were shapes alone.
    """

    module: torch.nn.Module | None = None
    error: SubjectError | None = None
    shapes_lack: bool = False
    count: int = 0

    def note(self, error: SubjectError) -> None:
        """Remember an error; one of indices that were given as numbers says least."""
        self.count += 1
        said = str(error).lower()
        self.shapes_lack |= "meta" in said
        if self.error is None or _of_kind(self.error) or self.error.phase == "constructor":
            self.error = error


def plain_call(asked: PlainAsked, run: Run[T]) -> tuple[LiveCall, T]:
    """Return the first call that works, and what running it gave.

    Args:
        asked: what is to be called, and with what.
        run: runs a call, and raises SubjectError where the module does.

    Raises:
        TargetError: it cannot be built, or none works.
        UsageError: an input cannot be read.
    """
    stated, tries = [stated_argument(text) for text in asked.texts], Tries()
    sizes = [shape.given.shape for one in stated for shape in one.shapes()]
    small = all(math.prod(size) <= _SMALL for size in sizes)
    for device in (asked.device,) if asked.device else ("meta", "cpu"):
        if device == "cpu" and not asked.device and not (small or tries.shapes_lack):
            break
        for words, module in _modules(asked, stated, device, tries):
            tries.module = tries.module or module
            for given in [stated] if stated else found_calls(module):
                for call in calls_of_kinds(module, given, device, words):
                    try:
                        inner = _part(call, asked)
                        return inner, run(inner)
                    except SubjectError as error:
                        tries.note(error)
                if tries.count > _MOST_TRIES:
                    break
    raise refusal(asked.target, stated, tries.module, tries.error)


def _part(call: LiveCall, asked: PlainAsked) -> LiveCall:
    """Return the call of the part that the target names, as the whole calls it."""
    live = asked.live
    if live is None or not live.part or part_of(call.module, live) is call.module:
        return call
    with on_device(call.device), blamed("forward"):
        inner = arguments_of(call.module, live, ModelCall([], [*call.positional], call.named))
    part = part_of(call.module, live)
    texts = [*_texts(inner)]
    return LiveCall(part, inner.positional, inner.named, call.device, call.built, texts)


def _texts(call: ModelCall) -> Iterator[str]:
    """Yield what a part is handed, as far as sizes and plain values tell."""
    for name, value in (*(("", one) for one in call.positional), *call.named.items()):
        given = GivenInput(tuple(value.shape), name) if torch.is_tensor(value) else None
        if given is None and name and isinstance(value, (bool, int, float)):
            given = GivenInput(name=name, literal=repr(value))
        if given is not None:
            yield input_text(given)


def _modules(
    asked: PlainAsked, stated: Sequence[StatedArgument], device: str, tries: Tries
) -> Iterator[tuple[str, torch.nn.Module]]:
    """Yield the module under each way of building it, with the arguments that are not defaults.

    Raises:
        TargetError: its constructor wants what nobody states, or a live model cannot be built.
    """
    if asked.live is not None:
        if asked.arguments:
            what = "a live model is built as it is written, and takes no --init"
            named = ", ".join(f"{name}={value!r}" for name, value in asked.arguments.items())
            raise TargetError(what, where=asked.target, instead=f"write {named} into its call")
        try:
            yield "", built(asked.live, asked.folder, device)
        except TargetError:
            if device == "cpu" or asked.device:
                raise
            tries.shapes_lack = True
        return
    factory = asked.factory or resolve(asked.target, asked.folder)
    if isinstance(factory, AsItIs):
        yield "", factory(**asked.arguments).to(device).eval()
        return
    for words, arguments in _arguments_of(factory, asked, stated):
        try:
            with blamed("constructor"), offline():
                seed_everything(0, device)
                make = partial(factory, **arguments)
                made: Any = of_shapes(make) if device == "meta" else make()
        except SubjectError as error:
            tries.note(error)
            continue
        if not isinstance(made, torch.nn.Module):
            what = f"it makes a {type(made).__name__}, not a torch.nn.Module"
            raise TargetError(what, where=asked.target)
        yield words, unwrapped(made).eval()


def _arguments_of(
    factory: Factory, asked: PlainAsked, stated: Sequence[StatedArgument]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield constructor arguments: stated and needed ones, then widths in place of defaults.

    Raises:
        TargetError: one is needed, and nothing tells its value.
    """
    wanted = parameters_of(factory)
    needed = [p.name for p in named_parameters([*wanted.values()]) if is_required(p)]
    left = [name for name in needed if name not in asked.arguments]
    seen: list[dict[str, Any]] = []
    missing: MissingError | None = None
    for dims in _dims(stated):
        try:
            for bound in bindings(factory, dims, asked.arguments, {}, asked.target):
                every = bound.arguments(dims)
                sure = {
                    name: value
                    for name, value in every.items()
                    if name in left or bound.origins.get(name) == STATED or name in bound.parts
                }
                for arguments in (sure, every):
                    if arguments not in seen:
                        seen.append(arguments)
                        yield _in_words(arguments, asked.arguments), arguments
        except MissingError as error:
            missing = error
    widths = [*dict.fromkeys(size for dims in _dims(stated) for size in (dims["C"],))]
    every_width = itertools.product(widths, repeat=len(left)) if stated and left else ()
    plain = {n: v for n, v in asked.arguments.items() if "." not in n}
    for chosen in sorted(itertools.islice(every_width, _MOST_WIDTHS), key=_order(widths)):
        arguments = {**plain, **dict(zip(left, chosen, strict=True))}
        if arguments not in seen:
            yield _in_words(arguments, asked.arguments), arguments
    if missing is not None:
        raise missing


def _order(widths: Sequence[int]) -> Callable[[tuple[int, ...]], Any]:
    """Return what sorts choices: as many different widths as there are, in their order, first."""
    return lambda chosen: (-len(set(chosen)), [widths.index(one) for one in chosen])


def _in_words(arguments: Mapping[str, Any], stated: Mapping[str, Any]) -> str:
    said = [f"{n}={v!r}" + ("" if n in stated else f" ({ASSUMED})") for n, v in arguments.items()]
    return ", ".join(said)[:400]


def _dims(stated: Sequence[StatedArgument]) -> Iterator[dict[str, int]]:
    """Yield dims by each reading of the inputs' axes: which of them is the width."""
    seen: list[dict[str, int]] = []
    for one in stated:
        for shape in one.shapes():
            for dims in _readings(shape.given.shape):
                if dims not in seen:
                    seen.append(dims)
                    yield dims
    if not seen:
        yield {"B": 2, "C": 32, "N": 16, "H": 16, "W": 16}


def _readings(sizes: tuple[int, ...]) -> Iterator[dict[str, int]]:
    """Yield what the axes of a shape may be: channels first and last, likeliest first."""
    if len(sizes) >= 4:
        *_, h, w = sizes
        yield {"B": sizes[0], "C": sizes[1], "N": h * w, "H": h, "W": w}
        *_, h, w, c = sizes
        yield {"B": sizes[0], "C": c, "N": h * w, "H": h, "W": w}
    elif len(sizes) == 3:
        for c, n in ((sizes[2], sizes[1]), (sizes[1], sizes[2])):
            yield {"B": sizes[0], "C": c, "N": n, "H": n, "W": n}
        yield {"B": 1, "C": sizes[0], "N": sizes[1] * sizes[2], "H": sizes[1], "W": sizes[2]}
    elif sizes:
        yield {"B": sizes[0], "C": sizes[-1], "N": sizes[0], "H": sizes[0], "W": sizes[0]}


def _of_kind(error: SubjectError) -> bool:
    """Say whether numbers were given for indices, or the reverse: another reading may fit."""
    said = str(error)
    return any(word in said for word in ("scalar type", "indices", "must be Tensor", "dtype"))
