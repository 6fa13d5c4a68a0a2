"""A spec in words: definition, dims, every claim with what it says, faults and subjects."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

import msgspec

from attncheck.catalogue import Spec
from attncheck.catalogue.kinds import in_toml, summary
from attncheck.data.page import Page, Section, Table
from attncheck.spec import SpecDocument
from attncheck.subject.claim import Claim


def spec_page(spec: Spec, own: SpecDocument) -> Page:
    """Return the page of a spec.

    Args:
        spec: the spec, merged with its family's.
        own: what its own file says, to tell its claims from its family's.
    """
    document = spec.document
    title = " · ".join(part for part in (document.id, document.title, document.paper) if part)
    sections = [
        Section(code=document.summary.strip()),
        Section(table=Table(list(_facts(document)))),
        _table("Dims", _dims(document)),
        _table("Options, every combination is the mechanism", _options(document)),
        _table("Design changes that are published: variants", _choices(document)),
        _table("Claims", _claims(spec, own.claims)),
        _table(f"Claims of its family, {own.family}", _inherited(spec, own)),
        _table("Waived: the definition itself breaks them, so they are advice", _pairs(own.waives)),
        _table("Left out: they say nothing of this mechanism", _pairs(own.drops)),
        _table("Not testable", _pairs(own.untestable)),
        _table("Known faults of implementations", [["–", said] for said in own.known_faults]),
        _table("Subjects", _subjects(document)),
    ]
    return Page(title, [s for s in sections if s.code or (s.table and s.table.rows)])


def _table(heading: str, rows: Iterable[list[str]]) -> Section:
    return Section(heading, table=Table(list(rows)))


def _pairs(table: dict[str, str]) -> list[list[str]]:
    return [[name, reason] for name, reason in table.items()]


def _facts(document: SpecDocument) -> Iterator[list[str]]:
    if document.aliases:
        yield ["also called", ", ".join(document.aliases)]
    if document.family:
        yield ["family", document.family]
    if document.reference:
        yield ["reference", document.reference]
    for name, inputs in document.calls.items():
        given = ", ".join(f"{key} ({_axes(axes)})" for key, axes in inputs.items())
        yield [f"call {name}", f"{given} → ({_axes(document.output)})"]


def _axes(text: str) -> str:
    return ", ".join(text.split())


def _dims(document: SpecDocument) -> Iterator[list[str]]:
    said = dict(document.domain)
    for name, value in document.dims.items():
        yield [name, str(value), said.pop(name, "")]
    for name, condition in said.items():
        yield [name, "", condition]


def _options(document: SpecDocument) -> Iterator[list[str]]:
    for name, values in document.options.items():
        yield [name, ", ".join(in_toml(value) for value in values)]


def _choices(document: SpecDocument) -> Iterator[list[str]]:
    for choice in document.choices:
        yield [choice.change, choice.step or choice.option, choice.source]


def _claims(spec: Spec, names: Iterable[str]) -> Iterator[list[str]]:
    for name in names:
        yield [name, claim_in_words(name, spec.claims[name])]


def _inherited(spec: Spec, own: SpecDocument) -> Iterator[list[str]]:
    if own.family:
        yield from _claims(spec, [n for n in spec.claims if n not in {*own.claims, *own.waives}])


def claim_in_words(name: str, claim: Claim) -> str:
    """Return what a claim says: its kind's sentence, its parameters, its reason."""
    said: list[str] = []
    kind = type(claim)
    if claim.kind != name:
        said.append(f"{claim.kind}:")
    said.append(summary(kind))
    if given := stated(claim):
        said.append(f"[{', '.join(given)}]")
    if claim.advice:
        said.append("(advice)")
    if claim.why:
        said.append(f"– {' '.join(claim.why.split())}")
    return " ".join(said)


def stated(claim: Claim) -> list[str]:
    """Return the parameters that a spec states, where they are not the default."""
    found: list[str] = []
    for name, (key, default) in _defaults(type(claim)).items():
        value = getattr(claim, name)
        if value != default:
            found.append(f"{key} = {in_toml(msgspec.to_builtins(value))}")
    return found


@lru_cache(maxsize=256)
def _defaults(kind: type[Claim]) -> dict[str, tuple[str, Any]]:
    """Return a kind's own parameters: field -> its key in a spec, and its default."""
    found: dict[str, tuple[str, Any]] = {}
    for field in msgspec.structs.fields(kind):
        default = field.default
        if default is msgspec.NODEFAULT and field.default_factory is not msgspec.NODEFAULT:
            default = field.default_factory()
        if field.name not in Claim.__struct_fields__:
            found[field.name] = (field.encode_name, default)
    return found


def _subjects(document: SpecDocument) -> Iterator[list[str]]:
    if document.reference:
        yield ["reference", document.reference, "our definition"]
    for name, entry in document.subjects.items():
        yield [name, entry.target, entry.note]
        for claim, given in entry.claims.items():
            said = ", ".join(f"{k} = {in_toml(v)}" for k, v in given.items() if k != "why")
            why = str(given.get("why", ""))
            yield ["", f"its author: {claim}", f"{said} {why}".strip()]
