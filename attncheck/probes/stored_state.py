"""What is stored gives back a module that computes the same."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.axes import draws_at_random
from attncheck.instruments.behaviour.copies import COPIES, RELOADED, refused
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial


class StoredState(Claim, frozen=True, kw_only=True):
    """State dict, deepcopy and pickle give back a module that computes the same.

    ## What it checks
    After a forward: `state_dict` loaded strictly into a fresh module, `copy.deepcopy`, and
    `torch.save` of the whole module where its classes can be imported by name. Each copy gives
    the same output. That one cannot be made at all is the limit `serialisation`.

    ## Why it matters
    A checkpoint that lacks a random table gives another model, and nobody sees it.

    ## Example
    `register_buffer("table", torch.randn(c), persistent=False)`.
    """

    kind: ClassVar[str] = "stored-state"
    located_by: ClassVar[tuple[str, ...]] = ("unstorable", "layer in forward", "unregistered")
    turn: ClassVar[int] = 330
    faults: ClassVar[tuple[str, ...]] = ("hidden_state", "unregistered_buffer")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        module, inputs = trial.module(), trial.inputs()
        if draws_at_random(trial, module):
            return skipped("the module draws at random in eval mode")
        with torch.no_grad():
            expected = trial.run(module, inputs)
            for way, make in COPIES.items():
                try:
                    twin = make(trial, module)
                except SubjectError:
                    raise
                except Exception as error:
                    if way != RELOADED:
                        continue  # a limit of use
                    return violated(
                        refused(way, error),
                        expected="a state that fits a module built alike",
                        seen=type(error).__name__,
                        way=way,
                    )
                if twin is None:
                    continue
                change = difference(expected, trial.run(twin, inputs).detach())
                if change > budget(expected):
                    return violated(
                        f"{way} gives a module whose output differs by {change:.3g}",
                        expected="the same output",
                        seen=f"a difference of {change:.3g}",
                        way=way,
                    )
        return holds()
