"""An output never depends on inputs behind it."""

from __future__ import annotations

from typing import ClassVar

from attncheck.lazy import torch
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.tolerance import budget
from attncheck.subject.trial import Trial


class Causality(Claim, frozen=True, kw_only=True):
    """Output t follows from inputs up to t alone, and from each input up to t.

    ## What it checks
    Every input token is replaced in turn. Outputs before it must not move; its own output must.
    The first output then depends on the first input alone.

    ## Why it matters
    A decoder that sees the next token scores perfectly in training and writes nonsense. A second
    softmax over masked weights, a mask one off, or a cumulative sum over the wrong axis is enough.

    ## Example
    `torch.triu(ones, diagonal=2)` as the mask lets each token see its successor.
    """

    kind: ClassVar[str] = "causality"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("causality", "scores")
    turn: ClassVar[int] = 200
    faults: ClassVar[tuple[str, ...]] = (
        "causal_missing",
        "mask_after_softmax",
        "mask_inverted",
        "wrong_axis_softmax",
    )

    def check(self, trial: Trial) -> Outcome:
        axis = next((i for i, name in enumerate(trial.axes()) if name in ("N", "G")), None)
        if axis is None or trial.output_axes[axis] != trial.axes()[axis]:
            return skipped("input and output share no axis of time")
        size = trial.dims[trial.axes()[axis]]
        if size < 2:
            return skipped("a single token")
        module, inputs = trial.module(), trial.inputs()
        other = trial.inputs(draw_seed=1)[trial.main]
        before = trial.run(module, inputs)
        noise = budget(before)
        moved = torch.zeros(size, size)  # (output, input)
        for t in range(size):
            changed = inputs[trial.main].clone()
            changed.select(axis, t).copy_(other.select(axis, t) + 1.0)
            after = trial.run(module, {**inputs, trial.main: changed})
            change = (after - before).abs().nan_to_num(nan=torch.inf).movedim(axis, 0).flatten(1)
            moved[:, t] = change.amax(1).detach().float()
        ahead = moved.triu(1)
        if float(ahead.max()) > noise:
            index = int(ahead.argmax())
            output, source = divmod(index, size)
            leaks = int((ahead > noise).sum())
            return violated(
                f"output {output} changes by {float(ahead.max()):.3g} when only input {source}, "
                f"behind it, changes ({leaks} of {size * (size - 1) // 2} such pairs leak)",
                expected="outputs that follow from earlier inputs alone",
                seen=f"{leaks} leaks from later inputs",
                leaks=leaks,
                pair=[output, source],
                reach=[[int(value > noise) for value in row] for row in moved],
            )
        return holds(reach=[[int(value > noise) for value in row] for row in moved])
