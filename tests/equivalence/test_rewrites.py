"""However a definition is rewritten it is proven equal, and with one mistake it never is."""

from __future__ import annotations

import dataclasses
import random
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attncheck.catalogue import load
from attncheck.equivalence import proof as proving
from attncheck.equivalence.proof import Proof
from attncheck.mutation.making import mutants_of
from attncheck.mutation.mutant import Mutant
from attncheck.reference.mechanism import DefinedModule, Mechanism
from attncheck.signature.resolve import resolve
from attncheck.spec.shelf import spec_ids
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial
from tests.equivalence.rewriting import Rewritten, reworded
from tests.thorough import THOROUGH

SPECS = [name for name in spec_ids() if load(name).document.reference]
PATIENCE = {"_MOST_ASSIGNMENTS": 5000}
"""An audit gives up sooner; of many square tensors under random names some take longer."""
OF_ALL = 200 if THOROUGH else 1
"""At least so many rewrites, and as many with one mistake, over all specs together."""

per_spec = settings(
    max_examples=-(-OF_ALL // len(SPECS)),
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
dice = st.integers(0, 2**32 - 1).map(random.Random)


@cache
def mechanism_of(spec: str) -> Mechanism:
    found = resolve(load(spec).document.reference)
    assert isinstance(found, Mechanism)
    return found


@cache
def values_of(spec: str) -> dict[str, Any]:
    """Return the dims of the spec's base case and the definition's own options."""
    document = load(spec).document
    request = Request("reference", spec, mechanism_of(spec), arguments=document.reference_arguments)
    subject = prepare(document, request)[0]
    return mechanism_of(spec).values(subject.binding.arguments(subject.dims))


def with_biases(spec: str, decide: random.Random) -> dict[str, Any]:
    """Return the values with biases added or left out where the spec allows both."""
    mechanism = mechanism_of(spec)
    values = dict(values_of(spec))
    for name, allowed in load(spec).document.options.items():
        if {True, False} <= set(allowed) and name.endswith("bias") and name in mechanism.defaults:
            values[name] = decide.choice(allowed)
    return values


def proof_of(
    spec: str,
    function: Any,
    values: dict[str, Any],
    decide: random.Random,
    patience: dict[str, float] | None = None,
) -> Proof:
    """Return what comparing with the reference says of a rewrite."""
    seed = decide.random()

    def factory() -> Rewritten:
        return Rewritten(mechanism_of(spec), function, values, random.Random(seed))

    request = Request("rewrite", "rewrite", factory)
    subject, failure = prepare(load(spec).document, request)
    assert failure is None
    made_for = {"H", "W", "N"} & set(mechanism_of(spec).defaults)
    subject = dataclasses.replace(subject, pinned=subject.pinned | made_for)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (patience or {}).items():
            patch.setattr(proving, name, value)
        return proving.prove(mechanism_of(spec), Trial(subject, subject.base()))


@pytest.mark.parametrize("spec", SPECS)
def test_a_rewrite_is_proven_equal(spec: str) -> None:
    @per_spec
    @given(dice)
    def check(decide: random.Random) -> None:
        function = reworded(mechanism_of(spec), decide)
        proof = proof_of(spec, function, with_biases(spec, decide), decide, PATIENCE)
        assert proof.status == "equal", (proof.status, proof.probe, proof.difference)

    check()


@pytest.mark.parametrize("spec", SPECS if THOROUGH else SPECS[::4])
def test_a_rewrite_with_one_mistake_is_never_proven_equal(spec: str) -> None:
    planted = mistakes(spec)

    @per_spec
    @given(dice)
    def check(decide: random.Random) -> None:
        mutant = decide.choice(planted)
        proof = proof_of(spec, mutant.function, values_of(spec), decide)
        parts = proof.assignment.parts.values() if proof.assignment else ()
        relabelled = any(part.has_inner_heads for part in parts)  # cut and joined alike
        assert proof.status != "equal" or relabelled, mutant.diff

    check()


@cache
def mistakes(spec: str) -> list[Mutant]:
    """Return mutants that compute something that the definition computes under no option."""
    mechanism = mechanism_of(spec)
    document = load(spec).document
    request = Request("reference", spec, mechanism)
    subject = prepare(document, request)[0]
    module = _module(subject)
    variants = [
        {**module.values, name: value}
        for name, allowed in document.options.items()
        for value in allowed
        if name in module.values
    ]
    right = [out for values in variants if (out := _output(subject, module, values)) is not None]
    right.append(_output(subject, module, module.values))
    found = []
    for mutant in random.Random(spec).sample(mutants_of(mechanism), len(mutants_of(mechanism))):
        module.mechanism = Mechanism(
            mutant.function, mechanism.slots, mechanism.defaults, mechanism.derived
        )
        out = _output(subject, module, module.values)
        if out is not None and not any(_close(out, other) for other in right):
            found.append(mutant)
        if len(found) == 40:
            break
    return found


def _module(subject: Subject) -> DefinedModule:
    module = Trial(subject, subject.base()).module()
    assert isinstance(module, DefinedModule)
    return module


def _output(subject: Subject, module: DefinedModule, values: dict[str, Any]) -> torch.Tensor | None:
    """Return the output under these options, None where the module has no tensors for them."""
    trial = Trial(subject, subject.base())
    usual = module.values
    module.values = values
    try:
        return trial.run(module, trial.inputs()).detach()
    except Exception:
        return None
    finally:
        module.values = usual


def _close(a: torch.Tensor, b: torch.Tensor) -> bool:
    a, b = a.squeeze(), b.squeeze()  # axes of size one tell nothing
    return a.shape == b.shape and bool(torch.allclose(a, b, rtol=1e-4, atol=1e-6, equal_nan=True))
