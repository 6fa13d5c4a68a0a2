"""The output has the shape that the spec states."""

from __future__ import annotations

from typing import ClassVar

from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.trial import Trial


class Shape(Claim, frozen=True, kw_only=True):
    """The output has the stated axes, for every case of the lattice.

    ## What it checks
    The sizes of the main output against the spec's axes (`B C H W`), with height unlike width.

    ## Why it matters
    A gate that is returned in place of the gated map has the right type and broadcasts later.

    ## Example
    `return self.sigmoid(pooled)` gives (B, C, 1, 1) where (B, C, H, W) is claimed.
    """

    kind: ClassVar[str] = "shape"
    says: ClassVar[str] = "function"
    of_form: ClassVar[bool] = True
    located_by: ClassVar[tuple[str, ...]] = ("sizes lost",)
    turn: ClassVar[int] = 20
    faults: ClassVar[tuple[str, ...]] = (
        "hw_transposed",
        "kernel_padding",
        "resolution_changed",
        "size_hard_coded",
    )

    output: str = ""
    """The axes, where they are not the spec's ``output``."""

    def check(self, trial: Trial) -> Outcome:
        axes = tuple(self.output.split()) or trial.output_axes
        expected = trial.sizes(axes)
        seen = tuple(trial.run(trial.module(), trial.inputs()).shape)
        if seen == expected:
            return holds()
        if len(seen) != len(expected) and not trial.subject.spec.reference:
            # A family's contract is for modules of its form; another form breaks no promise.
            stated = " ".join(axes)
            return undecided(f"the output has {len(seen)} axes: the contract is for {stated}")
        same = trial.dims.get("C2") == trial.dims.get("C")
        named = f"({', '.join('C' if axis == 'C2' and same else axis for axis in axes)})"
        return violated(
            f"expected {named} = {expected}, got {seen}",
            expected=f"{named} = {expected}",
            seen=str(seen),
            axes=list(axes),
            sizes=list(expected),
            got=list(seen),
        )
