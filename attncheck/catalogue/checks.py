"""Look at what a spec says in formulas, before anything is held against it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from attncheck.data.choices import flag, numbers
from attncheck.data.formula import Formula, evaluate
from attncheck.errors import SpecError, did_you_mean
from attncheck.spec import SpecDocument
from attncheck.spec.lines import line_of
from attncheck.subject.claim import Claim

_LARGEST = 10**9
"""Of a dim; no tensor has such an axis."""


def check_formulas(
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
