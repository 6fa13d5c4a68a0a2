"""Between the input and what is observed there is nothing but linear maps, or also rectifiers."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.gate import NoGateError, projects
from attncheck.instruments.behaviour.lines import (
    SHORT_STEP,
    NoLineError,
    Seen,
    differences,
    line,
    scores,
)
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_DRAWS = 6
_STARTS = (-0.7, -0.2, 0.3, 0.8)
_MOST = 0.5


class Linear(Claim, frozen=True, kw_only=True):
    """Along a straight line of inputs, what is observed is a polynomial of the stated degree.

    ## What it checks
    Inputs run along random straight lines x + t·v under random parameters. `of` is what is
    observed: the `output`; the `gate logit`, log(g / (1 − g)) of a gate g = y / x; or the `scores`
    that the softmaxes read. Of degree 1 its second differences vanish, of degree 2 the third:
    scores q·k are of degree 2 where queries and keys are linear maps of the input. With
    `pieces` there are rectifiers (ReLU) in between: the curve is made of straight pieces, so that
    differences over a short step vanish almost everywhere, and over a long step somewhere do
    not. With `alike` all positions of the input hold one vector, so that no weights of an
    attention matter, whatever they are, and its output must be linear in that vector. A LayerNorm
    of the input itself counts as its scale and shift: what follows it is what is claimed.

    ## Why it matters
    A second sigmoid, a GELU for a ReLU, an activation on the values: every shape and range is
    right, and it is another function.

    ## Example
    `torch.sigmoid(torch.sigmoid(self.fc(z)))` as the gate, under `of = "gate logit"`.
    """

    kind: ClassVar[str] = "linear"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("divergence",)
    faults: ClassVar[tuple[str, ...]] = ("normalisation_missing",)

    of: Seen = "output"
    """What is observed."""
    degree: int = 1
    """The polynomial's degree: 1 for linear maps, 2 for scores of queries and keys."""
    pieces: bool = False
    """Whether there are rectifiers in between."""
    alike: bool = False
    """Whether all positions of the input hold one vector."""
    softmax: bool = False
    """Whether the claim is made only of modules that call a softmax."""
    within: float = 0.0
    """How far differences may be from none, relative to the values, where a small constant takes
    part, such as the eps of a normaliser."""
    input: str = ""
    """The inputs that move, joined by ' + '; all by default."""

    def __post_init__(self) -> None:
        if not 1 <= self.degree <= 4:
            raise ValueError("degree is one of 1, 2, 3, 4")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        inputs = trial.subject.convention.inputs
        names = [n.strip() for n in self.input.split("+")] if self.input else list(inputs)
        if absent := [name for name in names if name not in inputs]:
            return skipped(f"the module is called without '{absent[0]}'")
        if trial.dtype.itemsize < 8:
            return undecided("differences need double precision, which the module cannot compute")
        if self.of == "gate logit" and projects(trial.subject):
            return skipped("channels are projected after the gate: y / x shows none")
        if self.softmax and not scores(trial, trial.module(), trial.inputs()):
            return skipped("the module calls no softmax")
        try:
            return self._decide(trial, names)
        except NoLineError as reason:
            return undecided(str(reason))
        except NoGateError as reason:
            return skipped(str(reason))

    def _decide(self, trial: Trial, names: list[str]) -> Outcome:
        bent, smooth, most = False, [], 0.0
        for seed in range(_DRAWS):
            at = line(trial, seed, self.of, names, alike=self.alike)
            share, left = differences(at, self.degree, 0.0, 1.0)
            bent, most = bent or (share < 1 and left > self.within), max(most, left)
            if bent and not self.pieces:
                return self._curved(left)
            if self.pieces:
                smooth += [differences(at, self.degree, t, SHORT_STEP)[0] for t in _STARTS]
        known = [share for share in smooth if not math.isnan(share)]
        if self.pieces and not known:
            return undecided(f"the {self.of} never changes along a line")
        if known and sum(known) / len(known) < _MOST:
            return self._curved(most)
        if self.pieces and not bent:
            return violated(
                f"the {self.of} is linear along every line: no rectifier takes part",
                expected=f"a {self.of} of straight pieces",
                seen="one straight line",
            )
        return holds(largest_difference=most)

    def _curved(self, left: float) -> Outcome:
        what = "straight" if self.degree == 1 else f"a polynomial of degree {self.degree}"
        where = ", in pieces" if self.pieces else ""
        tokens = " on inputs whose positions are all alike" if self.alike else ""
        return violated(
            f"along a line of inputs the {self.of} is not {what}{where}{tokens}: its differences "
            f"of order {self.degree + 1} are {left:.2g} of its values",
            expected=f"{what}{where}",
            seen=f"relative differences up to {left:.2g}",
            largest_difference=left,
        )
