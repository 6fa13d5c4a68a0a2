"""The module as an ONNX model computes the same in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.exported import (
    exported,
    first_unlike,
    grown,
    speechless,
)
from attncheck.instruments.behaviour.onnx_model import (
    NoModelError,
    OnnxModule,
    absent,
    departs_at,
    given,
    model_of,
    returned,
)
from attncheck.instruments.behaviour.symbolic import as_written
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class OnnxRuntime(Claim, frozen=True, kw_only=True):
    """Exported to ONNX and run in ONNX Runtime, the module gives the same at several sizes.

    ## What it checks
    In float32 and eval mode: `torch.onnx.export` (the exporter that begins with `torch.export`),
    with every axis free at whose other sizes the module itself works; then the model in ONNX
    Runtime, on the processor, on other values and at two other sizes. It needs
    `pip install 'attncheck[onnx]'`, and is undecided without.

    ## Why it matters
    ONNX is how models leave PyTorch. An operator that ONNX has not stops the export, and a size
    that is fixed is found by the first input of another one.

    ## What to write instead
    - `torch.linalg.eigh`, `torch.linalg.svd`, complex numbers (`torch.view_as_complex`): products,
      sums and real pairs.
    - what `torch.export` refuses: see `attncheck explain torch-export`.

    ## Example
    `torch.linalg.eigvalsh(covariance)`: ONNX has no such function.
    """

    kind: ClassVar[str] = "onnx-runtime"
    limit: ClassVar[str] = "onnx"
    uses: ClassVar[tuple[str, ...]] = ("deploy", "yolo")
    dear: ClassVar[bool] = True
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 920

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base(dtype="float32")

    def check(self, trial: Trial) -> Outcome:
        trial = as_written(trial)
        if missing := absent():
            return undecided(f"{', '.join(missing)} not installed: pip install 'attncheck[onnx]'")
        module = trial.module()
        if why := speechless(trial, module):
            return undecided(why)
        axes, others = grown(trial, module)
        try:
            program = exported(trial, axes)
            model = model_of(program, trial)
        except SubjectError as error:
            said = f"{type(error.error).__name__}: {first_line(error.error)}"
            return _none(f"torch.export raises {said}").at(where_raised(error.error))
        except NoModelError as error:
            return _none(error.reason).at(error.location)
        except MemoryError as error:
            return undecided(f"exported to ONNX, MemoryError: {error}")
        like = returned(trial, module)
        try:
            runs = OnnxModule(model, like)
        except MemoryError as error:
            return undecided(f"in ONNX Runtime, MemoryError: {error}")
        except Exception as error:  # the runtime's own kinds are no Python classes of ours
            return _none(f"ONNX Runtime cannot load it: {first_line(error)}")
        if runs.inputs != given(trial):
            return undecided(f"the model takes {runs.inputs} inputs, the module {given(trial)}")
        if (unlike := first_unlike(trial, runs, module, others)) is not None:
            axes = sorted(unlike.trial.subject.variable)
            outcome = unlike.said("the model in ONNX Runtime", axes)
            return outcome.at(departs_at(model, program, unlike.trial))
        return holds(f"free: {', '.join(axes)}" if axes else "", sizes=1 + len(others))


def _none(reason: str) -> Outcome:
    return violated(f"no ONNX model: {reason}", expected="an ONNX model", seen=reason)
