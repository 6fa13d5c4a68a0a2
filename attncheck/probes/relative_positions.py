"""Positions enter an attention as distances: what is turned are queries and keys, alike."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.places import with_equal_tokens
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_RELATIVE = 1e-4
"""How far logits of one distance may be apart: angles are often computed in float32."""


class RelativePositions(Claim, frozen=True, kw_only=True):
    """A logit depends on the distance of query and key alone, and values have no positions.

    ## What it checks
    One call with the same token at every position is recorded, fused attention taken apart. What
    the softmax reads must then be the same for all pairs of one distance. With `values`, the
    output must be the same at every position: weights that sum to one over equal values give
    that value. `logits = false` asks for that alone, of attention without a softmax. Some two
    distances must have different logits: else positions have no part at all.

    ## Why it matters
    A rotary embedding whose angles lie in another order than the pairs that they turn still
    trains on the lengths that it has seen. It has absolute positions, and fails beyond them.

    ## Example
    Angles t0 t0 t1 t1 with a `rotate_half` that pairs channel i with i + d/2.
    """

    kind: ClassVar[str] = "relative-positions"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("divergence", "scores")
    faults: ClassVar[tuple[str, ...]] = ("rope_layout",)

    logits: bool = True
    """Logits depend on distances alone."""
    values: bool = True
    """Values have no positions: equal tokens give equal outputs everywhere."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()
        yield subject.near({"N": 12}, seed=1)

    def check(self, trial: Trial) -> Outcome:
        axes = trial.axes()
        if "N" not in axes or len(trial.subject.convention.inputs) != 1:
            return skipped("no sequence that attends to itself")
        if trial.dims["N"] < 3:
            return skipped("too few tokens to tell distances apart")
        logits, output = with_equal_tokens(trial)
        if self.logits and (outcome := _of_logits(logits)):
            return outcome
        if not self.values or output.shape != trial.sizes(trial.output_axes):
            return holds()
        place = trial.output_axes.index("N")
        result = output.detach().double()
        spread = float((result - result.narrow(place, 0, 1)).abs().max())
        height = float(result.abs().max()) or 1.0
        if spread > _RELATIVE * height:
            return violated(
                f"with the same token everywhere the outputs are {spread:.3g} apart: values carry "
                "their positions, or the weights of a query do not sum to one",
                expected="the same output at every position",
                seen=f"outputs {spread:.3g} apart (up to {height:.3g})",
                apart=spread,
            )
        return holds(apart=spread)


def _of_logits(logits: list[torch.Tensor]) -> Outcome | None:
    """Return what is wrong with the logits of equal tokens, or None."""
    if not logits:
        return undecided("no softmax over pairs of tokens is seen")
    apart = [_apart(found) for found in logits]
    worst, scale, _ = max(apart, key=lambda found: found[0] / found[1])
    if worst <= _RELATIVE * scale:
        return None if any(between > 1e-9 * scale for _, scale, between in apart) else _same()
    return violated(
        f"with the same token everywhere, logits of one distance are {worst:.3g} apart (logits "
        f"differ by {scale:.3g} in all): they depend on where the pair stands, not on its distance",
        expected="logits that depend on the distance of query and key alone",
        seen=f"{worst:.3g} between pairs of one distance",
        apart=worst,
        scale=scale,
    )


def _same() -> Outcome:
    return violated(
        "with the same token everywhere all logits of a query are the same number: positions have "
        "no part in them",
        expected="logits that depend on the distance of query and key",
        seen="one number for every distance",
    )


def _apart(visible: torch.Tensor) -> tuple[float, float, float]:
    """Return how far logits of one distance are apart at most, how large they are at most, and
    how far those of one query are apart."""
    size = visible.shape[-1]
    worst = 0.0
    for offset in range(1 - size, size):
        line = visible.diagonal(offset, -2, -1)
        if line.shape[-1] > 1 and not bool(line.isnan().any()):
            worst = max(worst, float((line.amax(-1) - line.amin(-1)).max()))
    kept = visible[~visible.isnan()]
    scale = float(kept.max() - kept.min()) if kept.numel() else 0.0
    steps = visible.diff(dim=-1).nan_to_num(0.0).abs()
    return (
        worst,
        max(scale, float(kept.abs().max()) if kept.numel() else 1.0, 1e-12),
        float(steps.max()),
    )
