"""A sample without a single visible key stays finite and leaves the others alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.attention.masks import encode, query_rows, some_hidden
from attncheck.instruments.attention.offers import ways_of
from attncheck.lazy import torch
from attncheck.signature.masks import is_per_sample, key_axis
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Tensors, Trial


class MaskedRows(Claim, frozen=True, kw_only=True):
    """A query that sees no key at all does no harm.

    ## What it checks
    The mask hides every key of the first sample (or of one query). The other samples' outputs
    must be what they were. With `finite`, the first sample's output must be a number too: zero,
    or the mean of all values.

    ## Why it matters
    Softmax over nothing but minus infinity is NaN; one empty sequence in a batch then turns the
    loss, and with it every weight, into NaN.

    ## Example
    `scores.masked_fill(pad, float("-inf")).softmax(-1)` on a sample that is all padding.
    """

    kind: ClassVar[str] = "masked-rows"
    located_by: ClassVar[tuple[str, ...]] = ("nonfinite", "masks")
    turn: ClassVar[int] = 190
    faults: ClassVar[tuple[str, ...]] = ("mask_dtype", "mask_inverted", "padding_leak")

    finite: bool = False
    """Also ask for a finite output in the row itself."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base(dims={"B": 3} if "B" in subject.variable else {})

    def check(self, trial: Trial) -> Outcome:
        if key_axis(trial.subject.convention.inputs) not in ("N", "M", "G"):
            return skipped("no keys that a mask could hide")
        ways, _ = ways_of(trial.subject, trial)
        ways = [way for way in ways if query_rows(way) or is_per_sample(way.argument.axes)]
        if not ways:
            return skipped("forward takes no mask whose meaning is known")
        for way in ways:
            masked = Trial(way.applied(trial.subject), trial.case)
            hidden = some_hidden(way, masked)
            emptied = hidden.clone()
            own = is_per_sample(way.argument.axes)
            if own:
                emptied[0] = True
            else:
                emptied[:, 0] = True
            module, inputs, name = masked.module(), masked.inputs(), way.argument.input
            before = masked.run(module, {**inputs, name: encode(hidden, way, masked)})
            after = masked.run(module, {**inputs, name: encode(emptied, way, masked)})
            rest = (before[1:], after[1:]) if own else (before[:, 1:], after[:, 1:])
            row = after[:1] if own else after[:, :1]
            meet = own and not self.finite and _meet_anyway(masked, module, inputs)
            if outcome := self._judged(way.describe(), rest, row, own=own, meet=meet):
                return outcome
        return holds("; ".join(way.describe() for way in ways))

    def _judged(
        self,
        mask: str,
        rest: tuple[torch.Tensor, torch.Tensor],
        row: torch.Tensor,
        *,
        own: bool,
        meet: bool,
    ) -> Outcome | None:
        place = "sample" if own else "query"
        before, after = rest
        if self.finite:
            if bool(row.isfinite().all()):
                return None
            count = int((~row.isfinite()).sum())
            return violated(
                f"a {place} whose keys are all hidden by {mask} gives NaN or infinity",
                expected="a finite output: zero, or the mean of the values",
                seen=f"{count} of {row.numel()} numbers are not finite",
            )
        if not before.numel():
            return None
        change = difference(torch.nan_to_num(before), torch.nan_to_num(after))
        poisoned = int((~after.isfinite() & before.isfinite()).sum())
        # What a sample does to the others anyway is the batch's affair, not the mask's.
        if not poisoned and (meet or change <= budget(torch.nan_to_num(before))):
            return None
        seen = f"{poisoned} numbers become NaN" if poisoned else f"a change of {change:.3g}"
        return violated(
            f"a {place} whose keys are all hidden by {mask} changes the others: {seen}",
            expected="the other outputs as they were",
            seen=seen,
        )


def _meet_anyway(trial: Trial, module: torch.nn.Module, inputs: Tensors) -> bool:
    """Say whether a sample changes the others where nothing is hidden."""
    changed = {name: tensor.clone() for name, tensor in inputs.items()}
    for name, tensor in changed.items():
        if trial.axes(name)[:1] == ("B",):
            tensor[0] += 1.0
    before, after = trial.run(module, inputs), trial.run(module, changed)
    return difference(before[1:], after[1:]) > budget(before)
