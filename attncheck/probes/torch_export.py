"""The module can be exported: for any batch and size, with the same results."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.exported import (
    Program,
    exported,
    first_unlike,
    grown,
    speechless,
)
from attncheck.instruments.behaviour.symbolic import as_written
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_NAMES = {"B": "batch size", "H": "height", "W": "width"}


class TorchExport(Claim, frozen=True, kw_only=True):
    """`torch.export` makes a program of it that serves any batch and size, with the same results.

    ## What it checks
    In float32 and eval mode: `torch.export.export` with every axis free at whose other sizes the
    module itself works: the batch, height and width, or the number of tokens. Nothing is raised,
    no such size is fixed, and the program gives what the module gives on other values and at two
    other sizes. What the constructor fixes stays as it is.

    ## Why it matters
    ExecuTorch, AOTInductor and the newer ONNX exporter begin here. A size or a branch that is
    fixed is found in production, on the first input of another size.

    ## What to write instead
    - `int(x.shape[0])`, `math.sqrt(n)`, `np.sqrt(n)` of a size: `x.shape[0]`, `n ** 0.5`.
    - `range(n)` over tokens or rows: an operation on the whole axis.
    - `if n > 64:` between ways that give the same: one way; `if scores.max() > 0:`: `torch.where`.
    - `cache[x.shape[1]]`: make the table in the call, or a buffer that is cut to size.
    - `x.numpy()`, `t.tolist()`: stay with tensors.

    ## Example
    `b = int(x.shape[0])`: the program takes two samples, and no three.
    """

    kind: ClassVar[str] = "torch-export"
    limit: ClassVar[str] = "export"
    uses: ClassVar[tuple[str, ...]] = ("deploy", "yolo", "hf")
    dear: ClassVar[bool] = True
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 910

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base(dtype="float32")

    def check(self, trial: Trial) -> Outcome:
        trial = as_written(trial)
        module = trial.module()
        if why := speechless(trial, module):
            return undecided(why)
        axes, others = grown(trial, module)
        try:
            program = exported(trial, axes)
        except SubjectError as error:
            return _raised(error)
        if (outcome := _fixed(program)) is not None:
            return outcome
        if (unlike := first_unlike(trial, program.run, module, others)) is not None:
            line = program.line_against(unlike.trial) if unlike.raised else None
            return unlike.said("the exported program", program.held).at(line)
        return holds(f"free: {', '.join(axes)}" if axes else "", sizes=1 + len(others))


def _raised(error: SubjectError) -> Outcome:
    """Return what stands in the way of a program."""
    if isinstance(error.error, MemoryError):
        return undecided(f"exported, {error}")
    said = f"{type(error.error).__name__}: {first_line(error.error)}"
    return violated(
        f"torch.export raises {said}", expected="a program", seen=type(error.error).__name__
    ).at(where_raised(error.error))


def _fixed(program: Program) -> Outcome | None:
    """Name a size that the program holds although the module takes others."""
    for axis, size in program.held.items():
        if size is not None:
            what = _NAMES.get(axis, f"size {axis}")
            return violated(
                f"exported for any {what}, the program takes {size} alone",
                expected=f"a program for any {what}",
                seen=f"{what} {size}",
                axis=axis,
            ).at(program.line_of(size))
    return None
