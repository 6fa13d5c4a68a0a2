"""The module works on whichever device it is moved to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import ClassVar

from attncheck.claim import Case, Claim, Outcome, holds, undecided, violated
from attncheck.lazy import torch
from attncheck.source.raised import where_raised
from attncheck.subject import Subject
from attncheck.target.raising import SubjectError
from attncheck.trial import Trial

_ELSEWHERE = re.compile(
    r"not on the expected device|on the same device|on different devices|"
    r"device (type )?(cpu|cuda)|is on cpu|found .* devices?",
    re.IGNORECASE,
)
_READS_VALUES = re.compile(
    r"item\(\)|cannot copy out of meta|meta tensors?|_local_scalar_dense|data-dependent|"
    r"fake tensor|non-?zero|not implemented",
    re.IGNORECASE,
)
_HARD_CODED = re.compile(
    r"compiled with CUDA|NVIDIA driver|CUDA|HIP|no .*accelerator", re.IGNORECASE
)


class Device(Claim, frozen=True, kw_only=True):
    """Moved to another device, the module computes there, and nowhere else.

    ## What it checks
    The module is built on the CPU, moved to torch's `meta` device, which has shapes and no
    numbers, and called with inputs there. Any tensor, layer or constant that stays elsewhere
    meets a tensor on `meta` and raises. Code that reads values (`.item()`, `nonzero`) cannot run
    there; then the claim is undecided.

    ## Why it matters
    `torch.zeros(n)` in `forward`, a layer that is built there, a mask kept in a plain attribute,
    `.cuda()`: all work on the author's machine.

    ## Example
    `inf = torch.diag(torch.full((h,), float("inf")))` without `device=x.device`.
    """

    kind: ClassVar[str] = "device"
    needs: ClassVar[tuple[str, ...]] = ("constructs",)

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        here = _run_on(trial, "cpu")
        if here is not None:
            if _HARD_CODED.search(str(here.error)):
                return _outcome(here, "on a machine without CUDA", "a module that runs anywhere")
            return undecided(str(here))
        there = _run_on(trial, "meta")
        if there is None:
            return holds()
        text = str(there.error)
        if _ELSEWHERE.search(text) and not isinstance(there.error, NotImplementedError):
            return _outcome(there, "moved to another device", "every tensor on the input's device")
        if isinstance(there.error, NotImplementedError) or _READS_VALUES.search(text):
            return undecided(f"cannot be tried without numbers: {there}")
        return undecided(f"cannot be tried on meta: {there}")


def _run_on(trial: Trial, device: str) -> SubjectError | None:
    """Call the module there and return what it raises."""
    try:
        module = trial.module().to(device)
        inputs = {name: tensor.to(device) for name, tensor in trial.inputs().items()}
        there = trial.with_case(device=device)
        with torch.no_grad():
            output = there.call(module, inputs).main
    except SubjectError as error:
        return error
    if output.device.type != device:
        text = f"the output is on device {output.device}, expected {device}"
        return SubjectError(RuntimeError(text), "forward")
    return None


def _outcome(error: SubjectError, when: str, expected: str) -> Outcome:
    return violated(f"{when}: {error}", expected=expected, seen=type(error.error).__name__).at(
        where_raised(error.error)
    )
