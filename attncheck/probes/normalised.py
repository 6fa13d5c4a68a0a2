"""What comes out has just been normalised, token by token."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_DRAWS = 60
_FLAT = 1e-6
"""Of the largest extent: a direction in which outputs extend less is none."""
_GROWS = 10.0


class Normalised(Claim, frozen=True, kw_only=True):
    """The last step is a norm of each token: its output lies in a plane and does not grow.

    ## What it checks
    Outputs of LayerNorm, (y - b) / g with mean zero over the channels, lie in one plane: over many
    inputs, channels are linearly dependent. Outputs of RMSNorm are on no plane, but neither grow
    with the input. Outputs that extend in every direction, and grow a hundredfold with a
    hundredfold input, were not normalised last.

    ## Why it matters
    With the norm before each branch, the sum of a block goes on as it is: another network, that
    needs a norm at its end and no warm-up, under the same name.

    ## Example
    `x + self.ffn(self.norm2(x))` where `self.norm2(x + self.ffn(x))` is meant.
    """

    kind: ClassVar[str] = "normalised"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("divergence",)

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        axes = trial.output_axes
        channels = next((axis for axis in axes if axis.startswith("C")), "")
        if not channels or trial.dtype.itemsize < 8:
            return skipped("no channels in double precision")
        module, width = trial.module(), trial.dims[channels]
        rows: list[torch.Tensor] = []
        draws = 0
        with torch.no_grad():
            while sum(len(r) for r in rows) < 3 * width and draws < _DRAWS:
                output = trial.run(module, trial.inputs(draw_seed=draws))
                rows.append(output.movedim(axes.index(channels), -1).reshape(-1, width).double())
                draws += 1
            first = trial.inputs()
            large = {n: 100 * t if t.is_floating_point() else t for n, t in first.items()}
            sizes = [float(trial.run(module, given).abs().max()) for given in (first, large)]
        found = torch.cat(rows)
        if len(found) <= width or not bool(found.isfinite().all()):
            return undecided("too few finite outputs")
        extents = torch.linalg.svdvals(found - found.mean(0))
        thinnest = float(extents[-1] / extents[0])
        growth = sizes[1] / max(sizes[0], 1e-12)
        if thinnest <= _FLAT or growth <= _GROWS:
            return holds(thinnest=thinnest, growth=growth)
        return violated(
            f"a hundredfold input gives a {growth:.3g}-fold output, and outputs extend in all "
            f"{width} directions: they were not normalised last",
            expected="outputs in one plane, as LayerNorm gives, that do not grow",
            seen=f"a {growth:.3g}-fold output",
            thinnest=thinnest,
            growth=growth,
        )
