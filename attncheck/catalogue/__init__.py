"""Every spec that can be named, resolved: family inherited, claims decoded by their probes."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from attncheck.data.choices import flag, numbers
from attncheck.data.formula import Formula, evaluate, shortened
from attncheck.data.text_file import named_path
from attncheck.errors import SpecError, UsageError, did_you_mean
from attncheck.probes import all_kinds, find_kind
from attncheck.spec import SpecDocument, read_document
from attncheck.spec.inheritance import inherit
from attncheck.spec.lines import line_of
from attncheck.spec.shelf import CONTRACTS, find_path, shelf_index
from attncheck.subject.claim import Claim

_LARGEST = 10**9
"""Of a dim; no tensor has such an axis."""


@dataclass(frozen=True)
class Spec:
    """A spec ready to be audited against.

    Attributes:
        document: the file's content, merged with its family's.
        claims: claim name -> claim, in the order of the file.
        path: the file.
    """

    document: SpecDocument
    claims: dict[str, Claim]
    path: Path

    @property
    def id(self) -> str:
        """The spec's id."""
        return self.document.id

    def claims_of(self, subject: str, binding: Collection[str] = ()) -> dict[str, Claim]:
        """Return the spec's claims and those of the listed subject's own author.

        Args:
            subject: its name.
            binding: names of limits of use that are no mere advice; what the definition itself
                cannot stays so.
        """
        claims = {
            name: msgspec.structs.replace(claim, advice=False)
            if claim.limit in binding and name not in self.document.waives
            else claim
            for name, claim in self.claims.items()
        }
        entry = self.document.subjects.get(subject)
        if entry is None:
            return claims
        own = _decode_claims(entry.claims, self.path, ["subjects", subject, "claims"])
        return {**claims, **{f"author: {name}": claim for name, claim in own.items()}}


def load(name: str) -> Spec:
    """Return the spec of an id, an alias or a path to a ``.toml`` file.

    Raises:
        UsageError: no such spec.
        SpecError: the file is not a spec.
    """
    path = find_path(name)
    if path is None:
        near = did_you_mean(name.lower(), shelf_index())
        near = f"{near}\n" if near.startswith("did") else ""  # hundreds of names help nobody
        raise UsageError(
            f"unknown spec '{name}'",
            instead=f"{near}see: attncheck list specs; "
            "for a module without a paper: map, tokens or seq2seq",
        )
    return load_file(path)


def load_file(path: Path) -> Spec:
    """Return the spec in a file.

    Raises:
        SpecError: with file, line, what is allowed and the nearest spelling.
    """
    document, text = read_document(path)
    document = _placed(document, path)
    claims_here = _decode_claims(document.claims, path, ["claims"], text)
    for name, entry in document.subjects.items():
        _decode_claims(entry.claims, path, ["subjects", name, "claims"], text)
    claims: dict[str, Claim] = {}
    if document.family:
        family = _family(document, path, text)
        _check_references(document, family, path, text)
        merged = inherit(document, family)
        inherited = {n: p for n, p in merged.claims.items() if n not in claims_here}
        claims = _decode_claims(inherited, path, ["claims"])
        document = merged
    ordered = {name: claims.get(name) or claims_here[name] for name in document.claims}
    spec = Spec(document, ordered, path)
    _check_formulas(document, ordered, path, text)
    return spec


def _placed(document: SpecDocument, path: Path) -> SpecDocument:
    """Read a reference in a file of the user's own as relative to the spec's folder."""
    place, colon, name = document.reference.rpartition(":")
    if not place.endswith(".py"):
        return document
    absolute = Path(os.path.realpath(path.parent / named_path(place, SpecError)))
    return msgspec.structs.replace(document, reference=f"{absolute}{colon}{name}")


def _family(document: SpecDocument, path: Path, text: str) -> SpecDocument:
    source = shelf_index().get(document.family)
    beside = path.parent / f"{document.family}.toml"
    if re.fullmatch("[a-z][a-z0-9-]{0,99}", document.family) and beside.is_file():
        source = beside
    if source is None:
        raise SpecError(
            f"unknown family '{shortened(document.family)}'",
            where=f"{path}:{line_of(text, ['family'])}",
            instead=did_you_mean(document.family, CONTRACTS),
        )
    return read_document(source)[0]


def _check_references(document: SpecDocument, family: SpecDocument, path: Path, text: str) -> None:
    """Complain about a waiver of a claim that the family does not make."""
    for table in ("waives", "drops"):
        for name in getattr(document, table):
            if name not in family.claims:
                raise SpecError(
                    f"'{name}' is no claim of the family '{document.family}'",
                    where=f"{path}:{line_of(text, [table, name])}",
                    instead=did_you_mean(name, family.claims),
                )


def _decode_claims(
    tables: dict[str, dict[str, Any]], path: Path, at: list[str], text: str = ""
) -> dict[str, Claim]:
    decoded: dict[str, Claim] = {}

    def line(name: str) -> str:
        return f"{path}:{line_of(text or path.read_text(encoding='utf-8'), [*at, name])}"

    for name, table in tables.items():
        parameters = dict(table)
        kind = parameters.pop("kind", name)
        found = find_kind(kind) if isinstance(kind, str) else None
        if found is None:
            instead = did_you_mean(str(kind), all_kinds())
            raise SpecError(f"unknown claim kind '{kind}'", where=line(name), instead=instead)
        try:
            decoded[name] = msgspec.convert(parameters, found)
        except msgspec.ValidationError as error:
            message = str(error).replace("unknown field", "unknown key")
            word = re.search(r"unknown key `([^`]*)`", message)
            fields = found.__struct_fields__
            instead = did_you_mean(word.group(1), fields) if word else ""
            told = f"claim '{name}': {message}"
            raise SpecError(told, where=line(name), instead=instead) from None
        except ValueError as error:
            raise SpecError(f"claim '{name}': {error}", where=line(name)) from None
    return decoded


def _check_formulas(
    document: SpecDocument, claims: Mapping[str, Claim], path: Path, text: str
) -> None:
    """Read and evaluate every dim, condition and formula of a claim once: a typo is found here.

    Raises:
        SpecError: one is none, names what is not there, or has no value at the default case.
    """
    dims: dict[str, Any] = {}
    for name, value in document.dims.items():
        dims[name] = _located(value, dims, path, text, "dims", name)
        if abs(dims[name]) > _LARGEST:
            where = f"{path}:{line_of(text, ['dims', name])}"
            raise SpecError(f"'{name}' is larger than {_LARGEST}", where=where)
    for name, condition in document.domain.items():
        _located(condition, dims, path, text, "domain", name)
    options = document.options.items()
    known = {*dims, *document.options, *(flag(n, v) for n, values in options for v in values)}
    first = {name: values[0] for name, values in options if values}
    values = {**dims, **numbers(document.options, first)}
    for name, claim in claims.items():
        for formula in claim.formulas():
            for unknown in sorted(Formula(formula).names - known):
                raise SpecError(
                    f"claim '{name}': '{unknown}' is neither a dim nor an option",
                    where=f"{path}:{line_of(text, ['claims', name])}",
                    instead=did_you_mean(unknown, known),
                )
            _located(formula, values, path, text, "claims", name)


def _located(value: object, dims: dict[str, Any], path: Path, text: str, *keys: str) -> Any:
    """Evaluate a formula of the spec; an error names the line where it stands."""
    try:
        return evaluate(value, dims)
    except SpecError as error:
        where = f"{path}:{line_of(text, list(keys))}"
        raise SpecError(error.what, where=where, instead=error.instead) from None
