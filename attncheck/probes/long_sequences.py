"""A thousand tokens or pixels, where a few were given so far."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, ClassVar

from attncheck.instruments.counting.growth import scaling, varied
from attncheck.lazy import torch
from attncheck.source.raised import is_own_refusal, where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_POSITIONS = 1024


class LongSequences(Claim, frozen=True, kw_only=True):
    """A sequence of a thousand tokens, or a map of as many pixels, is taken as well as a short one.

    ## What it checks
    In float32 and eval mode, one sample of 1024 positions or a few more: nothing is raised and the
    output is finite. How multiplications and memory grow with the positions is told. Where the
    author lets the constructor say what is longest (`max_len=512`), that is told and no limit; so
    is what the module itself refuses by an error of its own.

    ## Why it matters
    A table that ends, a mask of a fixed size or a decay that underflows is met in production by
    the first long document.

    ## What to write instead
    - `torch.arange(512)` in the constructor: the positions of the call, or an argument.
    - `decay ** n` and its reciprocal: the difference of positions in the exponent.

    ## Example
    `self.register_buffer("cos", table(128))`, cut by `self.cos[:n]`.
    """

    kind: ClassVar[str] = "long-sequences"
    limit: ClassVar[str] = "long-sequences"
    uses: ClassVar[tuple[str, ...]] = ("deploy", "hf")
    dear: ClassVar[bool] = True
    confirms_itself: ClassVar[bool] = True
    located_by: ClassVar[tuple[str, ...]] = ("nonfinite",)
    turn: ClassVar[int] = 905

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        if (factor := _factor(subject)) and (case := _longer(subject, factor)):
            yield case

    def check(self, trial: Trial) -> Outcome:
        subject = trial.subject
        names = varied(subject)
        at = " ".join(f"{name}={trial.dims[name]}" for name in names)
        try:
            with torch.no_grad():
                output = trial.run(trial.module(), trial.inputs())
        except SubjectError as error:
            if isinstance(error.error, MemoryError):
                return undecided(f"at {at} {error}")
            return _ends(trial, names, error, at)
        if bad := int((~output.isfinite()).sum()):
            return violated(
                f"at {at} {bad} of {output.numel()} outputs are NaN or infinite",
                expected="a finite output",
                seen="NaN or infinity",
            )
        told: dict[str, Any] = {}
        with suppress(SubjectError):
            if grown := scaling(subject):
                told = {of: words for of in ("macs", "memory") if (words := grown.words(of))}
        return holds("; ".join(f"{of}: {words}" for of, words in told.items()), at=at, **told)


def _factor(subject: Subject) -> int:
    """Return by what the base sizes grow so that there are enough positions, 0 where none may."""
    base = subject.base().dims
    sides = varied(subject)
    if not sides:
        return 0
    per = 2 if "H" in sides else 1
    positions = base["H"] * base["W"] if per == 2 else base[sides[0]]
    return next(n for n in range(1, _POSITIONS + 1) if positions * n**per >= _POSITIONS)


def _longer(subject: Subject, factor: int) -> Case | None:
    """Return one sample of so many times the base's sizes, None outside the domain."""
    base = subject.base().dims
    dims = {name: factor * base[name] for name in varied(subject)}
    one = {"B": 1} if "B" in subject.variable else {}
    case = subject.base(dims={**dims, **one}, dtype="float32")
    return case if subject.in_domain(case.dims) else None


def _ends(trial: Trial, names: tuple[str, ...], error: SubjectError, at: str) -> Outcome:
    """Return what an end of the sizes means: the constructor says it, or nobody does."""
    if is_own_refusal(error.error):
        return skipped(f"the module says which sizes it takes: {error}")
    low, high = 1, _factor(trial.subject)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _works(trial.subject, middle) else (low, middle)
    if low < 3:
        return skipped(f"other sizes than its own are another claim's: {error}")
    base = trial.subject.base().dims
    for parameter, value in _constructor(trial.subject).items():
        if any(base[name] * low <= value < base[name] * high for name in names):
            return holds(f"as long as its constructor says: {parameter}={value}")
    longest = " ".join(f"{name}={base[name] * low}" for name in names)
    return violated(
        f"at {at} {error}; at {longest} it works",
        expected="a longer input is taken as well",
        seen=type(error.error).__name__,
    ).at(where_raised(error.error))


def _works(subject: Subject, factor: int) -> bool:
    case = _longer(subject, factor)
    if case is None:
        return False
    trial = Trial(subject, case)
    try:
        with torch.no_grad():
            trial.run(trial.module(), trial.inputs())
    except SubjectError:
        return False
    return True


def _constructor(subject: Subject) -> dict[str, int]:
    """Return the constructor's whole numbers: those that are given, and the author's defaults."""
    factory: Any = subject.factory
    with suppress(TypeError, ValueError):
        signature = inspect.signature(getattr(factory, "function", factory))
        defaults = {name: p.default for name, p in signature.parameters.items()}
        values = {**defaults, **subject.binding.arguments(subject.dims)}
        return {name: value for name, value in values.items() if type(value) is int}
    return {}
