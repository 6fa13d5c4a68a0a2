"""The module as an ONNX model computes the same in ONNX Runtime."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from attncheck.instruments.behaviour.axes import draws_at_random
from attncheck.instruments.behaviour.exported import exported, grown
from attncheck.instruments.behaviour.onnx_model import (
    NoModelError,
    OnnxModule,
    absent,
    given,
    model_of,
    returned,
)
from attncheck.instruments.behaviour.symbolic import as_written
from attncheck.lazy import torch
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
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
        form = trial.subject.convention.form
        if form is not None and form.unbatched:
            return undecided("it is called with one sample at a time")
        module = trial.module()
        if draws_at_random(trial, module):
            return undecided("it draws at random in eval mode: exported, it draws other numbers")
        axes, others = grown(trial, module)
        try:
            model = model_of(exported(trial, axes), trial)
            runs = OnnxModule(model, returned(trial, module))
        except SubjectError as error:
            said = f"{type(error.error).__name__}: {first_line(error.error)}"
            return _none(f"torch.export raises {said}").at(where_raised(error.error))
        except NoModelError as error:
            return _none(error.reason).at(error.location)
        except MemoryError as error:
            return undecided(f"exported to ONNX, MemoryError: {error}")
        except Exception as error:
            return _none(f"ONNX Runtime cannot load it: {first_line(error)}")
        if runs.inputs != given(trial):
            return undecided(f"the model takes {runs.inputs} inputs, the module {given(trial)}")
        return _differs(trial, runs, module, others) or holds(
            f"free: {', '.join(axes)}" if axes else "", sizes=1 + len(others)
        )


def _none(reason: str) -> Outcome:
    return violated(f"no ONNX model: {reason}", expected="an ONNX model", seen=reason)


def _differs(
    trial: Trial, runs: Any, module: torch.nn.Module, others: list[Trial]
) -> Outcome | None:
    """Compare the model with the module, on other values and at other sizes."""
    for other, draw in [(trial, 1), *((other, 0) for other in others)]:
        inputs = other.inputs(draw_seed=draw)
        at = ", ".join(f"{n}={other.dims[n]}" for n in sorted(other.subject.variable))
        with torch.no_grad():
            expected = other.run(module, inputs)
            try:
                found = other.run(runs, inputs)
            except SubjectError as error:
                return violated(
                    f"ONNX Runtime raises at {at}: {first_line(error.error)}",
                    expected="what the module gives",
                    seen=type(error.error).__name__,
                )
        if (change := difference(expected, found)) > budget(expected):
            return violated(
                f"in ONNX Runtime the output differs by {change:.3g} at {at}",
                expected="what the module gives",
                seen=f"a difference of {change:.3g}",
            )
    return None
