"""The multiply-accumulates equal the paper's closed form, counted in two ways."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from attncheck.data.formula import Formula
from attncheck.errors import SpecError
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.instruments.counting.closed_form import ClosedForm
    from attncheck.instruments.counting.count import BothCounts

_MOST_ALTERNATIVES = 6


class Macs(Claim, frozen=True, kw_only=True):
    """The module does as much work as its definition.

    ## What it checks
    One multiply-add of a contraction (convolution, linear layer, matrix product, einsum,
    attention kernel) is one MAC; biases, norms, softmax, pooling and activations count none.
    Our dispatch counter's number must be fvcore's and the closed form's; where the two counters
    differ, or an operator has no price, the claim is undecided and names it. Where they agreed on
    the module once, fvcore is asked again only if the number is not the closed form's. A formula
    that does not name `B` is per sample. Options and dims that the module fixes itself are
    searched for as in `parameters`. Where implementations differ, state `between` two formulas or
    `at_most`. A contraction written as `(a * b).sum()`, and an outer product run as a matrix
    product, may count or not. Of a block that hosts the mechanism beside layers of its own the
    claim says nothing.

    ## Why it matters
    A softmax over all positions where the paper attends to a row and a column gives the same
    shapes and the same parameters, and quadratic work.

    ## Example
    `formula = "2*C*h"` for squeeze-and-excitation; `between = ["N*(H+W-1)*C", "N*(H+W)*C"]`
    where the position itself may be computed twice and masked.
    """

    kind: ClassVar[str] = "macs"
    says: ClassVar[str] = "cost"
    confirms_itself: ClassVar[bool] = True  # a count is exact
    located_by: ClassVar[tuple[str, ...]] = ("built",)
    turn: ClassVar[int] = 1010

    formula: str = ""
    """The count over dims and options."""
    between: tuple[str, str] | None = None
    """A lower and an upper formula, both included."""
    at_most: str = ""
    """An upper formula alone."""
    search: tuple[str, ...] = ()
    """Dims that a module may choose for itself even where it could have taken ours."""

    def __post_init__(self) -> None:
        stated = [bool(self.formula), self.between is not None, bool(self.at_most)]
        if sum(stated) != 1:
            raise ValueError("state one of: formula, between, at_most")
        for text in self._bounds():
            try:
                Formula(text)
            except SpecError as error:
                raise ValueError(str(error)) from None

    def formulas(self) -> tuple[str, ...]:
        return self._bounds()

    def check(self, trial: Trial) -> Outcome:
        from attncheck.instruments.counting.closed_form import ClosedForm
        from attncheck.instruments.counting.count import are_compared, count_trial, samples

        low, high = self._bounds()
        form = ClosedForm(trial.subject, [low, high], self.search)
        counted = count_trial(trial, twice=not are_compared(trial.subject))
        seen, work = counted.tally.macs, counted.tally.by_operator.most_common()
        if counted.tally.unpriced:
            names = ", ".join(sorted(counted.tally.unpriced))
            return undecided(f"no price is known for {names}", unpriced=names, macs=seen)
        if counted.agree is False:
            return undecided(f"the counters differ: {counted.disagreement}")
        times = samples(form, trial.dims)
        possible = _possible(seen, counted.tally.hidden.alternatives)

        def fits(values: list[int | float]) -> bool:
            lower, upper = values[0] * times, values[1] * times
            return any(lower - 1e-6 <= count <= upper + 1e-6 for count in possible)

        stated = self._stated()
        choice = form.explain(trial.dims, fits)
        if choice is not None:
            chosen = choice.describe(form.named)
            return holds(
                f"{seen:,} MACs: {stated}" + (f" with {chosen}" if chosen else ""),
                macs=seen,
                choice=chosen,
                by_operator=dict(work),
            )
        if other := _differ(trial) or _host(trial, form, counted, times):
            return other
        named = {name for text in self._bounds() for name in Formula(text).names}
        usual = trial.subject.spec.dims  # a dim that is 1 in the spec, as groups are, says nothing
        ones = [n for n in sorted(named - {"B"}) if trial.dims.get(n) == 1 and usual.get(n) != 1]
        if ones:
            return skipped(f"{ones[0]} is 1: a contraction of one term may run as a product")
        expected = {
            c.describe(form.named): [round(v * times) for v in form.values(c)]
            for c in form.stated(trial.dims)
            if all(v == v for v in form.values(c))
        }
        texts = [
            (f"{a:,}" if a == b else f"at most {b:,}" if not a else f"{a:,} to {b:,}")
            + (f" ({option})" if option else "")
            for option, (a, b) in list(expected.items())[:4]
        ]
        shown = " or ".join(texts)
        dearest = ", ".join(f"{name} {macs:,}" for name, macs in work[:4]) or "no contraction"
        return violated(
            f"{seen:,} MACs where {stated} gives {shown}; seen: {dearest}",
            expected=shown,
            seen=f"{seen:,}",
            formula=stated,
            by_option=expected,
            macs=seen,
            by_operator=dict(work),
            by_module=dict(counted.tally.by_module),
        )

    def _bounds(self) -> tuple[str, str]:
        if self.between is not None:
            return self.between
        return ("0", self.at_most) if self.at_most else (self.formula, self.formula)

    def _stated(self) -> str:
        if self.between is not None:
            return f"between {self.between[0]} and {self.between[1]}"
        return f"at most {self.at_most}" if self.at_most else self.formula


def _differ(trial: Trial) -> Outcome | None:
    """Say so where the counters differ on this very case."""
    from attncheck.instruments.counting.count import count_trial

    both = count_trial(trial)
    return undecided(f"the counters differ: {both.disagreement}") if both.agree is False else None


def _host(trial: Trial, form: ClosedForm, counted: BothCounts, times: int) -> Outcome | None:
    """Say so where the work is the closed form's plus that of layers used beside it."""
    from attncheck.instruments.counting.hosts import beside

    seen = counted.tally.macs
    module = trial.module(initial=True)
    for layers in (1, 2, 3):
        extras = beside(module, counted.tally.by_module, layers)

        def fits(values: list[int | float], extras: Iterable[int] = extras) -> bool:
            return any(values[0] * times <= seen - e <= values[1] * times for e in extras)

        choice = form.explain(trial.dims, fits, own=False)
        if choice is not None:
            break
    else:
        return None
    low, high = (value * times for value in form.values(choice))
    names = next(names for extra, names in extras.items() if low <= seen - extra <= high)
    quoted = ", ".join(f"'{name}'" for name in names)
    own = sum(counted.tally.by_module[name] for name in names)
    return skipped(
        f"the module is a host: {quoted} takes {own:,} MACs beside the mechanism's {seen - own:,}"
    )


def _possible(seen: int, alternatives: list[int]) -> list[int]:
    """Return the count with each choice of what may count or not, the plain one first."""
    few = alternatives[:_MOST_ALTERNATIVES]
    subsets = itertools.chain.from_iterable(
        itertools.combinations(few, size) for size in range(len(few) + 1)
    )
    return list(dict.fromkeys(seen + sum(subset) for subset in subsets))
