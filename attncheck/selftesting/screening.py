"""Sort the mutants of a reference: invalid, equivalent, alike, and those that must be found."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from attncheck.catalogue import load
from attncheck.mutation.making import mutants_of
from attncheck.selftesting.comparing import Answers, Call, calls_in, figures_of, tried
from attncheck.selftesting.settings import settings_of
from attncheck.selftesting.targets import MutatedMechanism, definition_of, mutated


@dataclass(frozen=True)
class Screened:
    """What one mutant is.

    ``kind`` is ``invalid`` (it raises on the base case of a setting), ``equivalent`` (it computes
    what the definition computes, gradients too, on every case of every setting), ``alike`` (it
    computes what mutant ``as_`` computes), or ``distinct``, seen in ``setting``.
    """

    index: int
    kind: str
    setting: int = 0
    as_: int = -1


def screen(spec: str) -> Iterator[Screened]:
    """Yield every mutant of a spec's reference, most telling operators first."""
    mechanism = definition_of(spec)
    if mechanism is None:
        return
    document = load(spec).document
    settings = settings_of(document, mechanism)
    calls = [calls_in(document, mechanism, setting) for setting in settings]
    known: dict[object, int] = {}
    for index in range(len(mutants_of(mechanism))):
        yield _sorted(index, mutated(spec, index), calls, known)


def _sorted(
    index: int, mutant: MutatedMechanism, calls: list[list[Call]], known: dict[object, int]
) -> Screened:
    """Compare on the base case of every setting first: that tells most mutants."""
    runs = [number for number, cases in enumerate(calls) if cases]
    for number in list(runs):
        answers = tried(calls[number][0], mutant)
        if answers is None:
            runs.remove(number)  # it does not run in this setting at all
        elif not calls[number][0].same(answers):
            return _seen(index, number, 0, answers, mutant, calls, known)
    if len(runs) < sum(1 for cases in calls if cases):
        return Screened(index, "invalid")
    for number in runs:
        for position, call in enumerate(calls[number][1:], start=1):
            answers = tried(call, mutant)
            if answers is None or not call.same(answers):
                return _seen(index, number, position, answers, mutant, calls, known)
    return Screened(index, "equivalent")


def _seen(
    index: int,
    setting: int,
    position: int,
    answers: Answers | None,
    mutant: MutatedMechanism,
    calls: list[list[Call]],
    known: dict[object, int],
) -> Screened:
    """Say whether another mutant behaves like this one, in the same setting."""
    others = [tried(call, mutant) for call in calls[setting][-3:]]
    figures = [None if a is None else figures_of(a) for a in (answers, *others)]
    as_ = known.setdefault((setting, position, *figures), index)
    return Screened(index, "distinct" if as_ == index else "alike", setting, as_)


__all__ = ["Screened", "screen"]
