"""What may attend to what, drawn as SVG from a spec's claims of reach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import torch

from attncheck.catalogue import Spec
from attncheck.data.choices import numbers
from attncheck.data.formula import evaluate
from attncheck.instruments.behaviour.places import (
    channel_group,
    claimed_places,
    describe_claim,
    largest_window,
)

_LARGEST = 59
_TOKENS = 12
_CHANNELS = 12
_MOST_ALTERNATIVES = 3


@dataclass(frozen=True)
class Diagram:
    """A drawing and what it says in words."""

    svg: str
    caption: str


def diagrams(spec: Spec) -> list[Diagram]:
    """Return a diagram for every set of places that the spec claims of itself, no two alike."""
    dims = values_of(spec)
    found: dict[str, Diagram] = {}
    for claim in spec.claims.values():
        for svg, said in _drawn(claim, dims):
            if getattr(claim, "input", ""):
                said += f", of the input {claim.input}"  # type: ignore[attr-defined]
            if not getattr(claim, "exact", True):
                said = f"at least {said}"
            if getattr(claim, "most", False):
                said = f"at most {said}"
            found.setdefault(said, Diagram(svg, said))
    return list(found.values())


def values_of(spec: Spec) -> dict[str, Any]:
    """Return the spec's dims as numbers, and its options as formulas see them."""
    dims: dict[str, Any] = {}
    for name, value in spec.document.dims.items():
        dims[name] = evaluate(value, dims)
    options = spec.document.options
    return {**dims, **numbers(options, {n: v[0] for n, v in options.items() if v})}


def _drawn(claim: Any, dims: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    by_pass = dict(getattr(claim, "per_pass", None) or {})
    if getattr(claim, "positions", "") and hasattr(claim, "per_pass"):
        by_pass.setdefault("1", claim.positions)
    for passes, text in by_pass.items():
        for alternative in re.split(r"\s+or\s+", text)[:_MOST_ALTERNATIVES]:
            svg = _map(alternative, dims) if "H" in dims else _tokens(alternative, dims)
            said = describe_claim(alternative, dims)
            yield svg, said if passes == "1" else f"after {passes} passes, {said}"
    if getattr(claim, "channels", "") and hasattr(claim, "per_pass"):
        yield _channels(claim.channels, dims), f"channels: {_in_words(claim.channels)}"


def _in_words(text: str) -> str:
    named = {"self": "each its own alone", "all": "each sees every one"}
    return named.get(text, f"each sees its {text}")


def _map(text: str, dims: Mapping[str, Any]) -> str:
    """Draw the places of a map that one output sees: at the centre of a map that holds them."""
    window = largest_window(text, dims)
    height = min(max(int(dims["H"]), window + 2), _LARGEST)
    width = min(max(int(dims["W"]), window + 4), _LARGEST)
    origin = (height // 2, width // 2)
    return _grid(claimed_places(text, origin, (height, width), dims), [origin])


def _tokens(text: str, dims: Mapping[str, Any]) -> str:
    """Draw queries as rows and keys as columns."""
    size = min(max(_TOKENS, largest_window(text, dims) + 4), _LARGEST)
    try:
        rows = [claimed_places(text, (i,), (size,), dims) for i in range(size)]
    except ValueError:  # rows and columns of tokens that lie in a map
        return _map(text, {**dims, "H": 7, "W": 11})
    return _grid(torch.stack(rows), [(i, i) for i in range(size)])


def _channels(text: str, dims: Mapping[str, Any]) -> str:
    """Draw output channels as rows and input channels as columns."""
    number = int(dims.get("C", _CHANNELS))
    rows = torch.stack([channel_group(text, c, number, number, dims) for c in range(number)])
    return _grid(rows, [(c, c) for c in range(number)])


def _grid(seen: torch.Tensor, own: list[tuple[int, int]]) -> str:
    """Return cells as SVG: what is seen filled, the output's own place marked."""
    height, width = seen.shape
    own_places = set(own)
    cells = []
    for row in range(height):
        for first, last in _runs([bool(one) for one in seen[row]]):
            cells.append(
                f'<rect class="seen" x="{first}" y="{row}" width="{last - first}" height="1"/>'
            )
    marks = "".join(
        f'<circle class="own" cx="{c + 0.5}" cy="{r + 0.5}" r="0.28"/>'
        for r, c in sorted(own_places)
    )
    lines = "".join(f"M0 {y}H{width}" for y in range(height + 1))
    lines += "".join(f"M{x} 0V{height}" for x in range(width + 1))
    size = f'viewBox="-0.1 -0.1 {width + 0.2} {height + 0.2}" style="--columns:{width}"'
    return (
        f'<svg class="reach" {size} role="img" aria-label="{escape("positions that are seen")}">'
        f'{"".join(cells)}<path class="lines" d="{lines}"/>{marks}</svg>'
    )


def _runs(row: list[bool]) -> Iterator[tuple[int, int]]:
    start: int | None = None
    for index, filled in enumerate([*row, False]):
        if filled and start is None:
            start = index
        elif not filled and start is not None:
            yield start, index
            start = None
