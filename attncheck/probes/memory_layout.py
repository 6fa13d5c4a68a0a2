"""How a tensor lies in memory makes no difference."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.lazy import torch
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.sampling import seed_everything
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Tensors, Trial


class MemoryLayout(Claim, frozen=True, kw_only=True):
    """The same numbers give the same output, however they lie in memory.

    ## What it checks
    Inputs in channels-last memory (maps), with the last two axes transposed in storage, and
    sliced out of a larger tensor, against contiguous ones.

    ## Why it matters
    Convolution backends and permutations hand on tensors that are not contiguous. `view` refuses
    them; `reshape`, `flatten` and `contiguous` do not.

    ## Example
    `x.view(b, c, -1)` raises for a model in channels-last memory.
    """

    kind: ClassVar[str] = "memory-layout"
    limit: ClassVar[str] = "memory-layout"
    uses: ClassVar[tuple[str, ...]] = ("deploy", "yolo")
    located_by: ClassVar[tuple[str, ...]] = ("layout",)
    turn: ClassVar[int] = 300
    faults: ClassVar[tuple[str, ...]] = ("view_not_permute",)

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        module, inputs = trial.module(), trial.inputs()
        expected = trial.run(module, inputs)
        for name, laid in _layouts(trial, inputs):
            seed_everything(trial.case.seed, trial.case.device)
            try:
                with torch.no_grad():
                    output = trial.call(module, laid).main
            except SubjectError as error:
                return violated(
                    f"with {name} input {error}",
                    expected="the output that contiguous input gives",
                    seen=type(error.error).__name__,
                    layout=name,
                ).at(where_raised(error.error))
            change = difference(expected, output)
            if change > budget(expected):
                return violated(
                    f"with {name} input the output differs by {change:.3g}",
                    expected="the output that contiguous input gives",
                    seen=f"a difference of {change:.3g}",
                    layout=name,
                )
        return holds()


def _layouts(trial: Trial, inputs: Tensors) -> Iterator[tuple[str, Tensors]]:
    """Yield the inputs laid out in other ways; layouts are those of the module's own axes."""
    convention = trial.subject.convention

    def laid(how: str) -> Tensors:
        result = {}
        for name, tensor in inputs.items():
            order = convention.permutation(trial.axes(name)) or tuple(range(tensor.ndim))
            back = [order.index(i) for i in range(len(order))]
            result[name] = _LAYOUTS[how](tensor.permute(order)).permute(back)
        return result

    if any(tensor.ndim == 4 for tensor in inputs.values()):
        yield "channels-last", laid("channels-last")
    yield "transposed", laid("transposed")
    yield "sliced", laid("sliced")


def _channels_last(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.ndim != 4:
        return tensor.contiguous()
    return tensor.contiguous(memory_format=torch.channels_last)


def _transposed(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.transpose(-1, -2).contiguous().transpose(-1, -2)


def _sliced(tensor: torch.Tensor) -> torch.Tensor:
    wide = torch.full((*tensor.shape[:-1], 2 * tensor.shape[-1]), 7.0, dtype=tensor.dtype)
    wide = wide.to(tensor.device)
    wide[..., ::2] = tensor
    return wide[..., ::2]


_LAYOUTS = {"channels-last": _channels_last, "transposed": _transposed, "sliced": _sliced}
