"""What ``list``, ``explain`` and ``env`` say, as pages; nothing here imports torch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attncheck.catalogue import load_file
from attncheck.catalogue.kinds import chapters, in_toml, parameters, summary
from attncheck.catalogue.words import spec_page
from attncheck.data.page import Page, Section, Table
from attncheck.devices import present_devices
from attncheck.errors import UsageError, did_you_mean
from attncheck.formats import all_formats
from attncheck.probes import all_kinds, find_kind
from attncheck.spec import SpecDocument, read_document
from attncheck.spec.shelf import find_path, spec_ids
from attncheck.subject.claim import Claim

LISTS = ("specs", "claims", "subjects", "formats", "devices")
"""What ``attncheck list`` can list."""


def listing(what: str) -> Page:
    """Return the page of ``attncheck list WHAT``.

    Raises:
        UsageError: ``what`` is not one of ``LISTS``.
    """
    rows: list[list[str]]
    match what:
        case "specs":
            columns = ["spec", "mechanism", "paper", "also called"]
            rows = [[d.id, d.title, d.paper, ", ".join(d.aliases[:3])] for d in _documents()]
        case "claims":
            columns = ["claim kind", "what it says"]
            rows = [[name, summary(kind)] for name, kind in _kinds()]
        case "subjects":
            columns = ["subject", "target", "note"]
            rows = [row for document in _documents() for row in _subjects(document)]
        case "formats":
            columns = ["format", "files"]
            rows = [[found.name, " ".join(found.suffixes)] for found in all_formats()]
        case "devices":
            columns = ["device", "what it is"]
            rows = [list(pair) for pair in present_devices()]
        case _:
            raise UsageError(f"cannot list '{what}'", instead=did_you_mean(what, LISTS))
    return Page(sections=[Section(table=Table(rows, columns))])


def explain(name: str) -> Page:
    """Return the page of ``attncheck explain NAME``: a claim kind, or a spec.

    Raises:
        UsageError: no claim kind or spec has this name.
        SpecError: the spec's file cannot be understood.
    """
    if (kind := find_kind(name)) is not None:
        return claim_page(kind)
    path = find_path(name)
    if path is None:
        known = [*all_kinds(), *spec_ids()]
        raise UsageError(
            f"no claim kind and no spec is called '{name}'",
            instead=f"{did_you_mean(name, known)}\nsee: attncheck list claims|specs",
        )
    return spec_page(load_file(path), read_document(path)[0])


def claim_page(kind: type[Claim]) -> Page:
    """Return what a claim kind checks, its parameters, and the specs that claim it."""
    sections = [Section(heading, paragraphs) for heading, paragraphs in chapters(kind)]
    own = [p for p in parameters(kind) if not p.common]
    common = [p for p in parameters(kind) if p.common]
    for heading, found in (("Parameters", own), ("Of every claim", common)):
        if found:
            columns = ["name", "type", "default", "meaning"]
            rows = [[p.name, p.type, p.default, p.meaning] for p in found]
            sections.append(Section(heading, table=Table(rows, columns)))
    if claimed := list(_claimed_by(kind.kind)):
        sections.append(Section("Claimed by", table=Table(claimed)))
    return Page(kind.kind, [s for s in sections if s.paragraphs or s.table])


def environment_page(environment: Mapping[str, Any]) -> Page:
    """Return the page of ``attncheck env`` for the report's ``environment`` table."""
    return Page(sections=[Section(table=Table(list(_flat(environment))))])


def _flat(table: Mapping[str, Any], prefix: str = "") -> Iterator[list[str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name} ")
        else:
            many = isinstance(value, list | tuple)
            yield [f"{prefix}{name}", ", ".join(map(str, value)) if many else str(value)]


def _documents() -> Iterator[SpecDocument]:
    for name in spec_ids():
        if (path := find_path(name)) is not None:
            yield read_document(path)[0]


def _kinds() -> Iterator[tuple[str, type[Claim]]]:
    for name in all_kinds():
        if (kind := find_kind(name)) is not None:
            yield name, kind


def _subjects(document: SpecDocument) -> Iterator[list[str]]:
    if document.reference:
        yield [f"{document.id}@reference", document.reference, "our definition"]
    for name, entry in document.subjects.items():
        yield [f"{document.id}@{name}", entry.target, entry.note]


def _claimed_by(kind: str) -> Iterator[list[str]]:
    """Yield the spec and the parameters of every claim of this kind."""
    for document in _documents():
        tables = [(document.id, document.claims)]
        tables += [(f"{document.id}@{n}", e.claims) for n, e in document.subjects.items()]
        for where, claims in tables:
            for name, given in claims.items():
                if given.get("kind", name) == kind:
                    said = {k: v for k, v in given.items() if k not in ("kind", "why")}
                    parts = [f"{key} = {in_toml(value)}" for key, value in said.items()]
                    yield [where, name, ", ".join(parts)]
