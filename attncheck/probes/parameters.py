"""The parameter count equals the paper's closed form."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, ClassVar

from attncheck.claim import Case, Claim, Outcome, holds, undecided, violated
from attncheck.errors import SpecError
from attncheck.formula import Formula
from attncheck.lazy import torch
from attncheck.subject import Subject
from attncheck.trial import Trial


class Parameters(Claim, frozen=True, kw_only=True):
    """The module has as many parameters as its definition.

    ## What it checks
    Parameters are counted once each, whatever names they have, and compared with a closed form
    over dims and options. Every combination of the spec's options is tried (a textual option
    `mode` with the value `dot` is named `mode_dot`, 1 or 0). A dim that the module does not take
    from us, such as a reduction that it fixes itself, is searched for over small integers; so
    are those that `search` lists. A width that the spec derives (`h = C // r`) may be another
    one, and the finding then says which. Frozen parameters may or may not be part of the count.

    ## Why it matters
    A missing bias, a second MLP that should be shared, a layer that is built and never called:
    each is a count that no choice of the paper explains.

    ## Example
    `formula = "2*C*h + bias*(h + C)"` for squeeze-and-excitation; 4,160 parameters at C = 32,
    h = 32 where 2,088 are expected is a block that ignores its reduction.
    """

    kind: ClassVar[str] = "parameters"
    needs: ClassVar[tuple[str, ...]] = ("constructs",)

    formula: str
    """The count over dims and options."""
    search: tuple[str, ...] = ()
    """Dims that a module may choose for itself even where it could have taken ours."""

    def __post_init__(self) -> None:
        try:
            Formula(self.formula)
        except SpecError as error:
            raise ValueError(str(error)) from None

    def cases(self, subject: Subject) -> Iterator[Case]:
        """Yield one case per set of constructor arguments."""
        seen: list[dict[str, Any]] = []
        for case in subject.lattice():
            arguments = subject.binding.arguments(case.dims)
            if not any(_equal(arguments, other) for other in seen):
                seen.append(arguments)
                yield case

    def check(self, trial: Trial) -> Outcome:
        from attncheck.counting.closed_form import ClosedForm
        from attncheck.counting.count import same
        from attncheck.counting.parameters import inventory

        form = ClosedForm(trial.subject, [self.formula], self.search)
        if unknown := form.unknown(trial.dims):
            return undecided(f"the formula names {', '.join(unknown)}: neither a dim nor an option")
        module = trial.module(initial=True)
        found = inventory(module)
        if found.lazy:
            return undecided(f"{', '.join(found.lazy)} have no shape before the first call")
        counts = {found.total, found.trainable}
        choice = form.explain(trial.dims, lambda v: any(same(v[0], n) for n in counts))
        if choice is not None:
            text = f"{found.total:,} parameters = {self.formula}"
            chosen = choice.describe(form.named)
            own = "".join(
                f"; {n} = {choice.values[n]} is the module's own, the spec has {trial.dims[n]}"
                for n in choice.own
            )
            return holds(
                f"{text} with {chosen}{own}" if chosen else text,
                count=found.total,
                choice=chosen,
            )
        expected = {
            c.describe(form.named): round(v)
            for c in form.stated(trial.dims)
            if math.isfinite(v := form.values(c)[0])
        }
        return _wrong(module, found.total, self.formula, expected, found.listed)


def _wrong(
    module: torch.nn.Module,
    seen: int,
    formula: str,
    expected: dict[str, int],
    listed: list[dict[str, Any]],
) -> Outcome:
    from attncheck.counting.parameters import share_of

    nearest = min(expected.values(), key=lambda value: abs(value - seen), default=0)
    difference = seen - nearest
    values = " or ".join(
        f"{value:,} ({option})" if option else f"{value:,}"
        for option, value in list(expected.items())[:4]
    )
    message = f"{seen:,} parameters where {formula} gives {values}: "
    message += f"{abs(difference):,} too {'many' if difference > 0 else 'few'}"
    if difference > 0 and (holder := share_of(module, difference)):
        message += f", as many as '{holder}' holds"
    return violated(
        message,
        expected=values,
        seen=f"{seen:,}",
        formula=formula,
        by_option=expected,
        count=seen,
        difference=difference,
        parameters=listed,
    )


def _equal(a: dict[str, Any], b: dict[str, Any]) -> bool:
    return repr(sorted(a.items())) == repr(sorted(b.items()))
