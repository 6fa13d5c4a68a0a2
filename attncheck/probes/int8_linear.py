"""The module runs with its linear layers in int8; by how much the result moves is told."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, ClassVar

from attncheck.instruments.behaviour.axes import draws_at_random
from attncheck.lazy import torch
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import difference
from attncheck.subject.trial import Trial


class Int8Linear(Claim, frozen=True, kw_only=True):
    """With its linear layers quantised to int8, the module runs; the error is told.

    ## What it checks
    `torch.ao.quantization.quantize_dynamic` of every `nn.Linear`, in float32 and eval mode: what
    works with floating point layers raises nothing. By how much the output moves, of the largest
    output, is told and never a fault: the weights are random here.

    ## Why it matters
    It is how a model is made small for a processor, in one line, without data.

    ## What to write instead
    - `F.linear(x, self.proj.weight)` and `self.proj.weight.dtype`: a quantised layer has no such
      tensor; call the layer, and take the dtype of `x`.

    ## Example
    `F.linear(x, torch.cat([self.q.weight, self.k.weight]))`.
    """

    kind: ClassVar[str] = "int8-linear"
    limit: ClassVar[str] = "int8"
    uses: ClassVar[tuple[str, ...]] = ("deploy",)
    dear: ClassVar[bool] = True
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 904

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base(dtype="float32")

    def check(self, trial: Trial) -> Outcome:
        module = trial.module()
        if trial.subject.is_definition:
            return skipped("a definition reads the weights of its layers")
        layers = [n for n, m in module.named_modules() if type(m) is torch.nn.Linear]
        if not layers:
            return skipped("it has no linear layer")
        try:
            small = _quantised(module)
        except Exception as error:  # torch's own doing, and on its way out of torch
            return undecided(f"torch cannot quantise it here: {error}")
        with torch.no_grad():
            expected = trial.run(module, trial.inputs())
            try:
                found = trial.run(small, trial.inputs())
            except SubjectError as error:
                return violated(
                    f"with its linear layers in int8 {error}",
                    expected="no exception",
                    seen=type(error.error).__name__,
                ).at(where_raised(error.error))
        if draws_at_random(trial, module):
            return holds(layers=len(layers))
        share = difference(expected, found) / max(float(expected.abs().max()), 1e-12)
        return holds(f"in int8 it is off by {share:.2g} of the largest output", error=share)


def _quantised(module: torch.nn.Module) -> torch.nn.Module:
    """Return a copy with every linear layer in int8; a fault of torch's raises what it likes."""
    from torch.ao.quantization import quantize_dynamic

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        quantised: Any = quantize_dynamic
        small: torch.nn.Module = quantised(module, {torch.nn.Linear}, dtype=torch.qint8)
    return small
