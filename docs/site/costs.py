"""What a mechanism costs: the formulas that its spec claims, and their values."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from attncheck.catalogue import Spec
from attncheck.data.choices import numbers
from attncheck.data.formula import evaluate
from attncheck.errors import SpecError
from attncheck.subject.claim import Claim
from docs.site.markdown import code, plain
from docs.site.mathematics import formula

_LARGER = {
    "B": 1,
    "C": 256,
    "H": 64,
    "W": 64,
    "N": 1024,
    "M": 1024,
    "heads": 8,
    "kv_heads": 8,
}
"""A size that networks have."""


def costs(spec: Spec) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows: every formula, and what it gives at two sizes."""
    sizes = [size for size in (_at(spec, {}), _at(spec, _LARGER)) if size]
    columns = ["", "formula", *(f"at {_named(spec, size)}" for size in sizes)]
    return columns, [row for name in spec.claims for row in _row(spec, name, sizes)]


def _row(spec: Spec, name: str, sizes: list[dict[str, Any]]) -> Iterator[list[str]]:
    claim: Any = spec.claims[name]
    if bounds := claim.formulas():
        values = [" to ".join(f"{evaluate(b, size):,}" for b in bounds) for size in sizes]
        most = "at most " if getattr(claim, "at_most", "") else ""
        said = " to ".join(formula(bound) for bound in bounds)
        yield [_linked(name, claim), f"{most}{said}", *(f"{most}{value}" for value in values)]
    elif hasattr(claim, "order"):
        grows = f"grows as {formula(claim.order)} for N positions"
        yield [_linked(name, claim), grows, *[""] * len(sizes)]
    elif hasattr(claim, "mechanism"):
        told = [(what, getattr(claim, what, "")) for what in ("macs", "memory", "parameters")]
        said = ", ".join(f"{what} {code(bound)}" for what, bound in told if bound)
        other = f"[{claim.mechanism}]({claim.mechanism}.md)"
        yield [_linked(name, claim), f"against {other}: {said}", *[""] * len(sizes)]


def _linked(name: str, claim: Claim) -> str:
    return f"[{plain(name)}](../claims/{claim.kind}.md)"


def _at(spec: Spec, changed: dict[str, int]) -> dict[str, Any] | None:
    """Return dims and options at a size; None outside the spec's domain, or at the usual size."""
    document = spec.document
    dims: dict[str, Any] = {}
    try:
        for name, value in document.dims.items():
            dims[name] = changed.get(name, evaluate(value, dims))
        inside = all(evaluate(condition, dims) for condition in document.domain.values())
    except SpecError:
        return None
    usual = {name: value for name, value in document.dims.items() if isinstance(value, int)}
    if not inside or (changed and all(dims[n] == v for n, v in usual.items())):
        return None
    options = document.options
    return {**dims, **numbers(options, {n: v[0] for n, v in options.items() if v})}


def _named(spec: Spec, size: dict[str, Any]) -> str:
    shown = [n for n, value in spec.document.dims.items() if isinstance(value, int)]
    return ", ".join(f"{name} = {size[name]}" for name in shown)
