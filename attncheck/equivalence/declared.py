"""The design changes that a spec declares: edits of its reference, or options of it."""

from __future__ import annotations

import ast
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attncheck.data.choices import chosen_so
from attncheck.equivalence.freedoms import defaults_of, told_by_tensors
from attncheck.equivalence.proof import Proof, prove
from attncheck.errors import SpecError
from attncheck.mutation.definition import Definition, assigned
from attncheck.source.promises import promises_a_residual, promises_parts_in_order
from attncheck.spec.document import ChoiceEntry
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism
    from attncheck.subject.subject import Subject

_RESIDUALS = ("residual", "shortcut")
_FEW = 48
"""Assignments that are compared with each changed definition: the likeliest are enough."""


def declared(mechanism: Mechanism, trial: Trial) -> tuple[Proof, list[ChoiceEntry]] | None:
    """Return the proof that the subject is the reference after one or two declared edits, or None.

    Raises:
        SpecError: an edit assigns no name of the reference.
    """
    edits = [choice for choice in trial.subject.spec.choices if choice.step]
    for chosen in _sets(edits):
        proof = prove(edited(mechanism, chosen), trial, most=_FEW)
        if proof.status == "equal":
            return proof, [*chosen, *by_option(trial.subject, proof)]
    return None


def _sets(edits: Sequence[ChoiceEntry]) -> Iterator[list[ChoiceEntry]]:
    for size in (1, 2):
        yield from map(list, itertools.combinations(edits, size))


def by_option(subject: Subject, proof: Proof) -> list[ChoiceEntry]:
    """Return the declared changes that a proof's options are."""
    values: Mapping[str, Any] = proof.assignment.values if proof.assignment else {}
    choices = subject.spec.choices
    return [choice for choice in choices if choice.option and chosen_so(choice.option, values)]


def edited(mechanism: Mechanism, choices: Sequence[ChoiceEntry]) -> Mechanism:
    """Return the reference with each choice's step in place of its own.

    Raises:
        SpecError: a step is no assignment, or of no name of the reference.
    """
    from attncheck.reference.mechanism import Mechanism

    definition = Definition(mechanism)
    for choice in choices:
        made = ast.parse(choice.step).body
        names = assigned(made[0]) if len(made) == 1 else []
        places = [s for s in definition.statements() if names and assigned(s) == names]
        if not places:
            raise SpecError(f"choice '{choice.change}': no step of the reference assigns {names}")
        assert isinstance(made[0], ast.Assign)
        assert isinstance(places[0], ast.Assign)
        old, new = places[0].value, made[0].value
        definition.tree = definition.replaced({places[0]: {id(old): new}})
    function = definition.compile(definition.tree)
    function.__module__, function.__doc__ = mechanism.__module__, mechanism.__doc__
    return Mechanism(
        function, mechanism.slots, mechanism.defaults, mechanism.derived, definition.tree
    )


def said_otherwise(mechanism: Mechanism, subject: Subject, proof: Proof) -> tuple[str, bool] | None:
    """Return a switch of the constructor's that the subject does not heed, and how it stands.

    Only a switch that has the name of the definition's, and that no tensor tells.
    """
    if proof.assignment is None:
        return None
    values = {**mechanism.defaults, **proof.assignment.values}
    settled = mechanism.counting(values) - told_by_tensors(mechanism)
    told_by = {**defaults_of(subject), **subject.binding.literal}
    for name in sorted(settled):
        told = told_by.get(name)
        if type(told) is bool and type(values.get(name)) is bool and told is not values[name]:
            return name, told
    return None


@dataclass(frozen=True)
class Unkept:
    """A sentence of a docstring that is not kept.

    Attributes:
        sentence: the sentence.
        expected: what it promises.
        seen: what is computed.
        weight: the parameter that it is about, "" where it is about none.
    """

    sentence: str
    expected: str
    seen: str
    weight: str = ""


def promised_otherwise(mechanism: Mechanism, subject: Subject, proof: Proof) -> Unkept | None:
    """Return the promise of a docstring that the subject does not keep, or None.

    Only of what the definition leaves open, and where the sentence leaves no doubt.
    """
    if proof.assignment is None:
        return None
    values = {**mechanism.defaults, **proof.assignment.values}
    open_ = any(values.get(name) is False for name in _RESIDUALS)
    if open_ and (sentence := promises_a_residual(subject)):
        return Unkept(sentence, "the input added to the output", "nothing is added")
    found = [proof.assignment.parts.get(name) for name in ("query", "key", "value")]
    parts = [part for part in found if part is not None and part.rows is not None]
    rows = [part.rows for part in parts if part.rows is not None]
    if len(rows) < 3 or len({part.unit.weight for part in parts}) > 1:
        return None
    kept = all(one.heads == 1 for one in rows) and rows == sorted(rows, key=lambda r: r.start)
    if kept or not (sentence := promises_parts_in_order(subject)):
        return None
    order = "all rows of q, then of k, then of v"
    return Unkept(sentence, order, f"q: {rows[0].describe()}", parts[0].unit.weight)
