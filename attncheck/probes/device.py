"""The module works on whichever device it is moved to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.meta import is_elsewhere, raised_on
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_HARD_CODED = re.compile(
    r"compiled with CUDA|NVIDIA driver|CUDA|HIP|no .*accelerator", re.IGNORECASE
)


class OnDevice(Claim, frozen=True, kw_only=True):
    """Moved to another device, the module computes there, and nowhere else.

    ## What it checks
    The module is built on the CPU, moved to torch's `meta` device, which has shapes and no
    numbers, and called with inputs there. Any tensor, layer or constant that stays elsewhere
    meets a tensor on `meta` and raises. Code that reads values (`.item()`, `nonzero`) cannot run
    there; then nothing is claimed.

    ## Why it matters
    `torch.zeros(n)` in `forward`, a layer that is built there, a mask kept in a plain attribute,
    `.cuda()`: all work on the author's machine.

    ## Example
    `inf = torch.diag(torch.full((h,), float("inf")))` without `device=x.device`.
    """

    kind: ClassVar[str] = "device"
    needs_call: ClassVar[bool] = False
    located_by: ClassVar[tuple[str, ...]] = ("device",)
    turn: ClassVar[int] = 1020
    faults: ClassVar[tuple[str, ...]] = ("device_hard_coded", "unregistered_buffer")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        here = raised_on(trial, "cpu")
        if here is not None:
            if _HARD_CODED.search(str(here.error)):
                return _outcome(here, "on a machine without CUDA", "a module that runs anywhere")
            return undecided(str(here))
        there = raised_on(trial, "meta")
        if there is None:
            return holds()
        if is_elsewhere(there):
            return _outcome(there, "moved to another device", "every tensor on the input's device")
        # Reading values (.item(), nonzero, data-dependent branches) is no fault.
        return skipped(f"cannot be tried without numbers: {there}")


def _outcome(error: SubjectError, when: str, expected: str) -> Outcome:
    return violated(f"{when}: {error}", expected=expected, seen=type(error.error).__name__).at(
        where_raised(error.error)
    )
