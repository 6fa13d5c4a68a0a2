"""What a child process does for a self-test: screen all mutants of a spec, or judge some."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import msgspec

from attncheck.catalogue import load
from attncheck.commands.selftest.judge import judge
from attncheck.commands.selftest.questions import MutantsAsked, MutantsSorted, place_of
from attncheck.commands.selftest.results import MutantRow
from attncheck.commands.selftest.screen import screen
from attncheck.commands.selftest.settings import settings_of
from attncheck.commands.selftest.targets import definition_of, mutated
from attncheck.execution.messages import Opened
from attncheck.mutation.making import mutants_of
from attncheck.subject.case import Case

Note = Callable[[Case], None] | None


def screening(
    asked: MutantsAsked, note: Note = None
) -> Iterator[Opened[None] | str | MutantsSorted]:
    """Sort a spec's mutants."""
    yield Opened(None)
    for name in asked.steps:
        yield name
        yield MutantsSorted(list(screen(asked.spec)))


def judging(asked: MutantsAsked, note: Note = None) -> Iterator[Opened[None] | str | MutantRow]:
    """Audit the mutants that are asked for."""
    yield Opened(None)
    spec = load(asked.spec)
    mechanism = definition_of(asked.spec)
    if mechanism is None:
        return
    settings = settings_of(spec.document, mechanism)
    made = mutants_of(mechanism)
    for name in asked.steps:
        yield name
        index, place = place_of(name)
        mutant, setting = made[index], settings[place]
        start = time.process_time()
        noticed = judge(spec, mutated(asked.spec, index), setting, full=name.endswith("+"))
        yield MutantRow(
            index=index,
            operator=mutant.operator,
            diff=mutant.diff,
            line=mutant.line,
            setting=setting.words(),
            seconds=round(time.process_time() - start, 3),
            **msgspec.structs.asdict(noticed),
        )
