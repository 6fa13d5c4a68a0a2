"""Which of several calls of a subject works: it runs, and answers with the expected shape."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from attncheck.signature.axes_written import batch_written_second
from attncheck.signature.calls import alternatives
from attncheck.signature.convention import GivenInput
from attncheck.subject.layouts import (
    answers,
    casts_inside,
    error_of,
    in_double,
    returns_gate,
    stands,
)
from attncheck.subject.masking import obeys
from attncheck.subject.pinning import as_answered, pin_sizes
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject


@dataclass(frozen=True)
class Attempt:
    """One way of building and calling: the subject, what it raises, and whether it answers."""

    subject: Subject
    failure: SubjectError | None = None
    works: bool = False


def tried(
    subjects: Iterator[Subject], inputs: Sequence[GivenInput], *, guessed: bool = False
) -> Attempt | None:
    """Return the first call that works, else what came of the first of all; None of none.

    Args:
        subjects: one under each call, the likeliest first.
        inputs: those that are stated.
        guessed: whether nothing but trying speaks for the calls.
    """
    best: Attempt | None = None
    moved: Subject | None = None
    ordered = bool(inputs)
    for subject in subjects:
        ordered = ordered and not batch_written_second(subject.factory)
        for dtype in ("float64",) if guessed else ("float64", "float32"):
            attempt = as_answered(replace(subject, dtype=dtype))
            error = error_of(attempt)
            if error is None:
                if not answers(attempt) or (attempt.convention.guessed and not obeys(attempt)):
                    if best is None or best.failure is not None:
                        best = Attempt(attempt)
                elif stands(attempt, stated=ordered) and _only_moved(moved, attempt):
                    settled = _settled(attempt)
                    others = [settled.called(way) for way in alternatives(settled.convention)]
                    if not inputs and not guessed:
                        others += _in_other_orders(attempt, subjects)
                    return Attempt(replace(settled, others=tuple(others)), works=True)
                else:
                    moved = moved or attempt
                break
            if best is None:
                best = Attempt(attempt, error)
            elif best.failure is not None and dtype == "float64":
                best = replace(best, failure=best.failure or error)
    if moved is not None:
        return Attempt(_settled(moved), works=True)
    if best is not None and best.failure is None and returns_gate(best.subject):
        gate = _settled(replace(best.subject, gates=True))
        return replace(best, subject=replace(best.subject, others=(gate,)))
    return best


def _in_other_orders(found: Subject, waiting: Iterator[Subject]) -> list[Subject]:
    """Return the same call in the other orders of axes: which one is meant, no shape may tell."""
    call, layout, dtype = found.convention.call, found.convention.layout, found.dtype
    later = (one for one in waiting if one.convention.call == call)
    other = (replace(one, dtype=dtype) for one in later if one.convention.layout != layout)
    return list(itertools.islice(other, 2))


def _settled(subject: Subject) -> Subject:
    """Return the subject with what only trying it can tell."""
    return pin_sizes(in_double(replace(subject, widened=casts_inside(subject))))


def _only_moved(fallback: Subject | None, other: Subject) -> bool:
    """Say whether two subjects differ in the order of axes alone: no other call may win."""
    return fallback is None or fallback.convention.call == other.convention.call
