"""The parameter count equals the paper's closed form."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

from attncheck.data.formula import Formula
from attncheck.errors import SpecError
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.instruments.counting.closed_form import ClosedForm
    from attncheck.instruments.counting.parameters import Inventory


class Parameters(Claim, frozen=True, kw_only=True):
    """The module has as many parameters as its definition.

    ## What it checks
    Parameters are counted once each, whatever names they have, and compared with a closed form
    over dims and options. Every combination of the spec's options is tried (a textual option
    `mode` with the value `dot` is named `mode_dot`, 1 or 0). A dim that the module does not take
    from us, such as a reduction that it fixes itself, is searched for over small integers; so
    are those that `search` lists. A width that the spec derives (`h = C // r`) may be another
    one, and the finding then says which; a tensor of the module must have that size. Frozen
    parameters may or may not be part of the count, and each term of an option named `bias` may be
    there by itself. A block that hosts the mechanism beside layers of its own is told apart, and
    the claim then says nothing of it.

    ## Why it matters
    A missing bias, a second MLP that should be shared, a layer that is built and never called:
    each is a count that no choice of the paper explains.

    ## Example
    `formula = "2*C*h + bias*(h + C)"` for squeeze-and-excitation; 4,160 parameters at C = 32,
    h = 32 where 2,088 are expected is a block that ignores its reduction.
    """

    kind: ClassVar[str] = "parameters"
    says: ClassVar[str] = "cost"
    needs_call: ClassVar[bool] = False
    confirms_itself: ClassVar[bool] = True  # a count of what the constructor makes
    located_by: ClassVar[tuple[str, ...]] = ("built",)
    turn: ClassVar[int] = 320

    formula: str
    """The count over dims and options."""
    search: tuple[str, ...] = ()
    """Dims that a module may choose for itself even where it could have taken ours."""

    def __post_init__(self) -> None:
        try:
            Formula(self.formula)
        except SpecError as error:
            raise ValueError(str(error)) from None

    def formulas(self) -> tuple[str, ...]:
        return (self.formula,)

    def cases(self, subject: Subject) -> Iterator[Case]:
        """Yield one case per set of constructor arguments."""
        seen: list[dict[str, Any]] = []
        for case in subject.lattice():
            arguments = subject.binding.arguments(case.dims)
            if not any(_equal(arguments, other) for other in seen):
                seen.append(arguments)
                yield case

    def check(self, trial: Trial) -> Outcome:
        from attncheck.instruments.counting.closed_form import (
            ClosedForm,
            exactly,
            sizes,
            split,
            with_own_biases,
        )
        from attncheck.instruments.counting.parameters import inventory

        base, biases = split(self.formula, trial.subject.spec.options)
        form = ClosedForm(trial.subject, [self.formula], self.search)
        apart = [self.formula, base, *(text for text, _ in biases)]
        with_biases_apart = ClosedForm(trial.subject, apart, self.search)
        module = trial.module(initial=True)
        found = inventory(module)
        if found.lazy:
            return undecided(f"{', '.join(found.lazy)} have no shape before the first call")
        wide = _wider(trial)
        beside = None if wide is None else wide.dims
        elsewhere = set() if wide is None else _counts(inventory(wide.module(initial=True)))
        own_biases = with_own_biases([copies for _, copies in biases])
        for held, fit, most, note in (
            (form, exactly, 2, ""),
            (with_biases_apart, own_biases, 0, "; biases in some layers only"),
        ):
            choice = held.explain(
                trial.dims,
                lambda values, fit=fit: fit(values, _counts(found)),  # type: ignore[misc]
                most=most,
                beside=beside,
                fits_beside=lambda values, fit=fit: fit(values, elsewhere),  # type: ignore[misc]
                seen=sizes(module),
            )
            if choice is not None:
                chosen = choice.describe(form.named) if not note else ""
                text = f"{found.total:,} parameters = {self.formula}"
                own = "".join(
                    f"; {n} = {choice.values[n]} is the module's own, the spec has {trial.dims[n]}"
                    for n in choice.own
                )
                with_ = f" with {chosen}" if chosen else ""
                return holds(f"{text}{with_}{note}{own}", count=found.total, choice=chosen)
        if host := self._host(module, form, trial, found.total):
            return host
        expected = {
            c.describe(form.named): round(v)
            for c in form.stated(trial.dims)
            if math.isfinite(v := form.values(c)[0])
        }
        return _wrong(module, found.total, self.formula, expected, found.listed)

    def _host(
        self, module: torch.nn.Module, form: ClosedForm, trial: Trial, total: int
    ) -> Outcome | None:
        """Say so where the count is the closed form's plus that of layers used beside it."""
        from attncheck.instruments.counting.hosts import beside, parameters_of_parts
        from attncheck.instruments.counting.parameters import never_used

        parts = parameters_of_parts(module)
        for layers in (1, 2, 3):
            extras = beside(module, parts, layers)
            # The more layers are taken away, the fewer dims may be searched for: anything fits.
            choice = form.explain(
                trial.dims,
                lambda v, e=extras: total - v[0] in e,  # type: ignore[misc]
                own=False,
                most=3 - layers,
            )
            if choice is not None:
                break
        else:
            return None
        extra = int(total - form.values(choice)[0])
        names = extras[extra]
        output = trial.run(module, trial.inputs())
        unused = never_used(module, [output])
        if unused is None or any(u.startswith(f"{n}.") for u in unused for n in names):
            return None
        quoted = ", ".join(f"'{name}'" for name in names)
        return skipped(
            f"the module is a host: {quoted} holds {extra:,} parameters beside the "
            f"{total - extra:,} of {self.formula}"
        )


def _counts(found: Inventory) -> set[int]:
    """Return what may be meant by the count: with the frozen parameters, or without."""
    return {found.total, found.trainable}


def _wider(trial: Trial) -> Trial | None:
    """Return the same subject at twice the width, where it can be built: one choice for both."""
    if "C" not in trial.subject.variable:
        return None
    wide = trial.with_case(dims={"C": 2 * trial.dims["C"]})
    try:
        return wide if trial.subject.in_domain(wide.dims) and wide.module(initial=True) else None
    except SubjectError:
        return None


def _wrong(
    module: torch.nn.Module,
    seen: int,
    formula: str,
    expected: dict[str, int],
    listed: list[dict[str, Any]],
) -> Outcome:
    from attncheck.instruments.counting.parameters import share_of

    ranked = sorted(expected.values(), key=lambda value: abs(value - seen)) or [0]
    # The choice that one layer too many explains says more than the nearest number.
    held = [(value, share_of(module, seen - value)) for value in ranked if value < seen]
    nearest, holder = next(((v, name) for v, name in held if name), (ranked[0], ""))
    difference = seen - nearest
    values = " or ".join(
        f"{value:,} ({option})" if option else f"{value:,}"
        for option, value in list(expected.items())[:4]
    )
    message = f"{seen:,} parameters where {formula} gives {values}: "
    message += f"{abs(difference):,} too {'many' if difference > 0 else 'few'}"
    if holder:
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
