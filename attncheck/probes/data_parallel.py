"""Two processes train the module as one does on the whole batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.axes import draws_at_random
from attncheck.instruments.behaviour.branches import keeps_statistics, undropped
from attncheck.instruments.behaviour.parallel import (
    PROCESSES,
    NotParallelError,
    gradients_of,
    together,
    unable,
)
from attncheck.lazy import torch
from attncheck.source.reading import made_by
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial


class DataParallel(Claim, frozen=True, kw_only=True):
    """Under `DistributedDataParallel` two processes learn what one learns from the whole batch.

    ## What it checks
    In training mode, nothing dropped: every parameter gets a gradient, without which the second
    step raises; then two processes on this machine (gloo), each with half of a batch, take two
    steps, and the gradients that they share are those of one process with the whole batch.
    Where the module has statistics of batches, or draws at random, only that they come to an end.

    ## Why it matters
    A parameter that is left out stops training at its second step, on eight devices and not on
    one; `find_unused_parameters=True` hides it, and costs a walk through the graph in each step.

    ## What to write instead
    - a layer that some configuration does not use: make it only `if` it is used.
    - `self.buffer = new` in `forward`: `self.buffer.copy_(new)`.
    - checkpoint with `use_reentrant=False`.

    ## Example
    `self.temperature = nn.Parameter(...)` that `forward` uses in eval mode alone.
    """

    kind: ClassVar[str] = "data-parallel"
    limit: ClassVar[str] = "ddp"
    uses: ClassVar[tuple[str, ...]] = ("train", "yolo")
    dear: ClassVar[bool] = True
    confirms_itself: ClassVar[bool] = True
    turn: ClassVar[int] = 930

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        dims = {"B": 2 * PROCESSES} if "B" in subject.variable else {}
        yield subject.base(dims=dims, train=True)

    def check(self, trial: Trial) -> Outcome:
        module = undropped(trial.module())
        if not any(parameter.requires_grad for parameter in module.parameters()):
            return skipped("it has no parameter that learns")
        inputs = trial.inputs()
        expected = gradients_of(trial, module, inputs)
        learning = [n for n, p in module.named_parameters() if p.requires_grad]
        if left := [name for name in learning if name not in expected]:
            return violated(
                f"'{left[0]}' gets no gradient: the second step raises",
                expected="a gradient for every parameter",
                seen=f"none for {', '.join(left)}",
            ).at(made_by(module, left[0], f"`{left[0]}` is made here"))
        if why := unable():
            return undecided(why)
        if trial.dims.get("B", 0) % PROCESSES or "B" not in trial.subject.variable:
            return undecided("its batch cannot be cut in two")
        try:
            shared = together(lambda: undropped(trial.module()), trial, inputs)
        except NotParallelError as error:
            if not error.accused:
                return undecided(str(error))
            return violated(f"with two processes, {error}", expected="two steps", seen=str(error))
        if keeps_statistics(module) or draws_at_random(trial, undropped(trial.module())):
            return holds("two steps; gradients are not those of the whole batch, and need not be")
        return _compared(expected, shared) or holds(gradients=len(shared))


def _compared(expected: dict[str, torch.Tensor], shared: dict[str, torch.Tensor]) -> Outcome | None:
    allowed = budget(*expected.values())
    for name, gradient in expected.items():
        change = difference(gradient, shared.get(name, torch.zeros_like(gradient)))
        if change > allowed:
            return violated(
                f"with two processes the gradient of '{name}' differs by {change:.3g} from that "
                "of one with the whole batch",
                expected="the gradient of the whole batch",
                seen=f"a difference of {change:.3g}",
            )
    return None
