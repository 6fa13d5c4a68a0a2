"""Every closed form of the catalogue against counting the reference, over a lattice of dims."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from attncheck.catalogue import Spec, load
from attncheck.data.choices import numbers
from attncheck.data.formula import Formula, evaluate
from attncheck.instruments.counting.count import count_trial
from attncheck.instruments.counting.parameters import inventory
from attncheck.signature.constructor import dims_in_order
from attncheck.signature.resolve import resolve
from attncheck.spec.shelf import spec_ids
from attncheck.subject.claim import Claim
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial
from tests.thorough import THOROUGH

IDS = [name for name in spec_ids() if load(name).document.reference]


def of_kind(spec: Spec, kind: str) -> Iterator[Claim]:
    return (claim for claim in spec.claims.values() if claim.kind == kind)


@st.composite
def cases(draw: st.DrawFn, name: str) -> tuple[Subject, dict[str, Any]]:
    """Draw dims near the spec's own and a value of each option; return the subject and values."""
    document = load(name).document
    mechanism = resolve(document.reference)
    options = {name: draw(st.sampled_from(values)) for name, values in document.options.items()}
    dims = {
        name: draw(st.sampled_from([size, size + 1, 2 * size, 3 * size, max(1, size // 2)]))
        for name, size in document.dims.items()
        if isinstance(size, int)
    }
    stated = dims_in_order(document.dims, dims)
    assume(all(evaluate(condition, stated) for condition in document.domain.values()))
    own = {name: name for name in mechanism.defaults if name in document.dims}
    fixed = {n: v for n, v in document.reference_arguments.items() if n not in {*options, *own}}
    request = Request(
        "reference",
        document.reference,
        factory=mechanism,
        arguments={**fixed, **own, **options},
        dims=dims,
    )
    subject, failed = prepare(document, request)
    assume(failed is None)  # options that exclude each other
    return subject, {**subject.dims, **numbers(document.options, options)}


LATTICE = settings(
    max_examples=8 if THOROUGH else 2,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", IDS)
def test_closed_forms_count_the_reference(name: str) -> None:
    spec = load(name)

    @LATTICE
    @given(cases(name))
    def over_the_lattice(case: tuple[Subject, dict[str, Any]]) -> None:
        subject, values = case
        trial = Trial(subject, subject.base())
        for claim in of_kind(spec, "parameters"):
            expected = evaluate(claim.formulas()[0], values)
            assert inventory(trial.module(initial=True)).total == expected
        for claim in of_kind(spec, "macs"):
            low, high = (
                evaluate(text, values) * (1 if "B" in Formula(text).names else subject.dims["B"])
                for text in claim.formulas()
            )
            assert low <= count_trial(trial, twice=False).tally.macs <= high

    over_the_lattice()
