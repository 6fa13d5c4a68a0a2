"""Logits are the products of queries and keys times the stated scale."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from attncheck.data.formula import evaluate
from attncheck.instruments.attention.graph import record
from attncheck.instruments.attention.logits import logits_of
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_RELATIVE = 1e-3


class LogitScale(Claim, frozen=True, kw_only=True):
    """The softmax reads q·k times the stated scale.

    ## What it checks
    One call is recorded below autograd, fused attention taken apart. From each softmax the way
    leads back to the product that makes its logits and on to the two projections; every fixed
    factor on it is multiplied up, whether it was applied to queries, keys or logits. In the
    scale `d` is the number of products that a logit sums: the width of a head.

    ## Why it matters
    Dividing by the root of the model's width instead of the head's flattens every softmax by
    the root of the number of heads, and nothing complains.

    ## Example
    `scores / math.sqrt(self.embed_dim)` in a module with eight heads.
    """

    kind: ClassVar[str] = "logit-scale"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("divergence", "scores")
    turn: ClassVar[int] = 100
    faults: ClassVar[tuple[str, ...]] = ("operation_order", "scale_wrong")

    scale: str = "1/sqrt(d)"
    """The factor, a formula over dims."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        nodes, _ = record(trial, trial.module(), trial.inputs())
        found = logits_of(nodes)
        if not found:
            return undecided("no softmax over products of queries and keys is seen")
        for logits in found:
            if logits.unknown:
                return undecided(f"the scale cannot be read: {logits.unknown}")
            dims = {**trial.dims, "d": logits.length}
            wanted = float(evaluate(self.scale, dims))
            if abs(logits.factor - wanted) > _RELATIVE * abs(wanted):
                names = _name(logits.factor, logits.length, trial.dims)
                return violated(
                    f"logits are q·k × {logits.factor:.4g}{names}; each sums {logits.length} "
                    f"products, so {self.scale} = {wanted:.4g}",
                    expected=f"× {wanted:.4g} = {self.scale} with d = {logits.length}",
                    seen=f"× {logits.factor:.4g}{names}",
                    factor=logits.factor,
                    wanted=wanted,
                    head_width=logits.length,
                )
        return holds(factor=found[0].factor, head_width=found[0].length)


def _name(factor: float, width: int, dims: dict[str, int]) -> str:
    """Return what a wrong factor is, in words, where that can be told."""
    if math.isclose(factor, 1.0, rel_tol=_RELATIVE):
        return ", not scaled at all"
    known = {"the head's width": width, "the model's width C": dims.get("C", 0)}
    known |= {"the number of heads": dims.get("heads", 0), "the number of tokens": dims.get("N", 0)}
    for words, size in known.items():
        if size < 2:
            continue
        forms = {
            f" = 1/sqrt({size})": size**-0.5,
            f" = 1/{size}": 1 / size,
            f" = sqrt({size})": size**0.5,
            f" = {size}^(-1/4)": size**-0.25,
        }
        for form, value in forms.items():
            if math.isclose(factor, value, rel_tol=_RELATIVE):
                return f"{form} ({size} is {words})"
    return ""
