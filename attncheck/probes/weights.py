"""Attention weights are normalised over the keys."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.data.formula import evaluate
from attncheck.instruments.attention.constants import constant_everywhere, constant_values
from attncheck.instruments.attention.graph import record
from attncheck.instruments.attention.weights import Weighing, weighings
from attncheck.instruments.behaviour.axes import PLACES, places_of
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial

_RELATIVE = 1e-3
"""How far a sum of weights may be off: an epsilon in a denominator is no fault."""


class Weights(Claim, frozen=True, kw_only=True):
    """What a query gives to its keys sums to one, however many keys there are.

    ## What it checks
    Three ways, as far as each can be seen. With the same value at every key, the output must
    not depend on the keys. With the same token at every position, it must not depend on how
    many there are. And where a softmax is seen (fused attention is taken apart), its weights
    must sum to one over the axis over which they are summed with the values. `everywhere` asks
    besides that the same token everywhere gives the same output everywhere, borders included.

    ## Why it matters
    A softmax over the batch, the heads, the queries or an axis of size one runs and trains; a
    dot product that is not divided by the number of positions grows with the image.

    ## Example
    `F.softmax(scores)` on (B·heads, N, M) normalises over samples and heads.
    """

    kind: ClassVar[str] = "weights"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("implicit softmax", "divergence", "scores", "product")
    turn: ClassVar[int] = 60
    faults: ClassVar[tuple[str, ...]] = (
        "blockwise_normalisation",
        "normalisation_missing",
        "operation_order",
        "padding_leak",
        "self_counted_twice",
        "wrong_activation",
        "wrong_axis_softmax",
    )

    sum: str | int = 1
    """What the weights of one query sum to; a formula over dims."""
    over: str = ""
    """How many keys get a weight, a formula over dims; empty: not checked."""

    everywhere: bool = False
    """The same token everywhere gives the same output everywhere, at the borders too."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()
        dims = {"B": 3, "N": 5, "M": 8, "H": 5, "W": 6}
        other = subject.base(
            dims={n: v for n, v in dims.items() if n in subject.variable and n in subject.dims},
            seed=1,
        )
        if subject.in_domain(other.dims):
            yield other

    def check(self, trial: Trial) -> Outcome:
        if outcome := self._by_values(trial):
            return outcome
        if self.everywhere and (outcome := _at_borders(trial)):
            return outcome
        nodes, _ = record(trial, trial.module(), trial.inputs())
        seen = weighings(nodes)
        if outcome := self._by_sums(trial, seen):
            return outcome
        if outcome := self._by_slots(trial, seen):
            return outcome
        number = constant_everywhere(trial)
        if number is None and not seen:
            return undecided("no softmax is seen, and positions matter in the module")
        if number is not None and number.change > max(_RELATIVE * number.scale, number.noise):
            return violated(
                f"with the same token everywhere the output changes by {number.change:.3g} when "
                f"{number.before} positions become {number.after}: the weights do not sum to "
                "the same",
                expected="weights that sum to one over the keys, so no change",
                seen=f"a change of {number.change:.3g} (outputs up to {number.scale:.3g})",
            )
        return holds(softmaxes=len(seen))

    def _by_values(self, trial: Trial) -> Outcome | None:
        """Same value at every key: the keys must not matter."""
        found = constant_values(trial)
        if found is None or found.change <= max(_RELATIVE * found.scale, found.noise):
            return None
        return violated(
            f"with the same value at every key the output changes by {found.change:.3g} when only "
            "the keys change: the weights do not sum to one over the keys",
            expected="no change",
            seen=f"a change of {found.change:.3g}",
        )

    def _by_sums(self, trial: Trial, seen: list[Weighing]) -> Outcome | None:
        wanted = float(evaluate(self.sum, trial.dims))
        for weighing in seen:
            if len(weighing.sums) != 1:
                continue  # a softmax cut in two: only together do the parts sum to one
            sums = weighing.sums[0]
            low, high = float(sums.min()), float(sums.max())
            slack = max(_RELATIVE, budget(sums))
            if low < wanted - slack or high > wanted + slack:
                shape = list(weighing.softmax.value.shape)
                return violated(
                    f"the softmax runs over axis {weighing.axis} of {shape}, and the weights that "
                    f"multiply one query's values sum to between {low:.3g} and {high:.3g}",
                    expected=f"a sum of {wanted:g} over the keys",
                    seen=f"{low:.3g} to {high:.3g}",
                    axis=weighing.axis,
                    shape=shape,
                )
        return None

    def _by_slots(self, trial: Trial, seen: list[Weighing]) -> Outcome | None:
        if not self.over or not seen:
            return None
        wanted = int(evaluate(self.over, trial.dims))
        slots = [weighing.slots for weighing in seen]
        if wanted in slots:
            return None
        return violated(
            f"the softmax gives weights to {slots[0]} keys, not to {self.over} = {wanted}",
            expected=f"{self.over} = {wanted} weights per query",
            seen=f"{slots[0]} weights",
            slots=slots,
        )


def _at_borders(trial: Trial) -> Outcome | None:
    """Same token everywhere: whatever the weights are, the output must be the same everywhere."""
    inputs = trial.inputs()
    at = [i for i, axis in enumerate(trial.axes()) if axis in places_of(trial.axes())]
    token = inputs[trial.main]
    for axis in at:
        token = token.narrow(axis, 0, 1).expand_as(inputs[trial.main])
    output = trial.run(trial.module(), {**inputs, trial.main: token})
    first = output
    for axis in [i for i, name in enumerate(trial.output_axes) if name in PLACES]:
        first = first.narrow(axis, first.shape[axis] // 2, 1)
    gap, scale = difference(output, first.expand_as(output)), float(output.detach().abs().max())
    if gap <= max(_RELATIVE * scale, 10 * budget(output)):
        return None
    return violated(
        f"with the same token everywhere the output differs by {gap:.3g} from place to place: "
        "the weights of what is really there do not sum to the same, as where padding gets some",
        expected="the same output everywhere",
        seen=f"a difference of {gap:.3g} (outputs up to {scale:.3g})",
    )
