"""A sum of two maps adds maps of one size."""

from __future__ import annotations

from typing import ClassVar

from attncheck.instruments.behaviour.sums import Resizing, Sums, watched_sums
from attncheck.lazy import torch
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.trial import Trial


class SameSizeSum(Claim, frozen=True, kw_only=True):
    """Where the module adds two maps, both have the same height and width.

    ## What it checks
    Every sum of two four-dimensional tensors in a forward call, and which layers changed the
    height or width on the way. A map of another size that is added only because it broadcasts is
    a violation; the message says which layers made it so, and whether two faults cancel.

    ## Why it matters
    A residual block whose branch halves the map would raise at the sum. If a later layer
    collapses it to one pixel, the sum broadcasts: nothing raises, and the block adds one
    constant per channel.

    ## Example
    `x + self.block(x)` where the block ends in a global pooling.
    """

    kind: ClassVar[str] = "same-size-sum"
    says: ClassVar[str] = "function"
    turn: ClassVar[int] = 110
    faults: ClassVar[tuple[str, ...]] = ("normalisation_missing",)

    def check(self, trial: Trial) -> Outcome:
        module, inputs = trial.module(), trial.inputs()
        with watched_sums(module) as sums:
            trial.run(module, inputs)
        if sums.broadcast is None:
            return holds()
        a, b = sums.broadcast
        return violated(
            f"adds {a} and {b}: the smaller map is broadcast{_reason(sums)}",
            expected="two maps of one height and width",
            seen=f"{a[2]}×{a[3]} + {b[2]}×{b[3]}",
            terms=[list(a), list(b)],
            resizings=[r.describe() for r in sums.resizings],
        ).at(sums.location)


def _reason(sums: Sums) -> str:
    """Say which layers changed the size, and whether one hides what another did."""
    if not sums.resizings:
        return ""
    story = "; ".join(r.describe() for r in sums.resizings)
    first = sums.resizings[0]
    if len(sums.resizings) > 1 and _refused(first):
        return (
            f". {story}. After the first alone the sum would raise: "
            "the module runs only because two faults cancel"
        )
    return f". {story}"


def _refused(resizing: Resizing) -> bool:
    """Say whether a map of the size before cannot be added to one of the size after."""
    try:
        torch.empty(resizing.before[2:]) + torch.empty(resizing.after[2:])
    except RuntimeError:
        return True
    return False
