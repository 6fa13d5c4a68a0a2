"""A spec takes over what its family says and does not say itself."""

from __future__ import annotations

import heapq
from typing import Any

import msgspec

from attncheck.data.formula import Formula
from attncheck.errors import SpecError
from attncheck.spec.document import SpecDocument


def inherit(document: SpecDocument, family: SpecDocument) -> SpecDocument:
    """Return the document with its family's calls, layouts, dims, domain, names and claims.

    What the document says wins. ``waives`` turns an inherited claim into advice with the
    document's reason; ``drops`` leaves it out.
    """
    claims: dict[str, dict[str, Any]] = {}
    for name, parameters in family.claims.items():
        if name in document.drops:
            continue
        if name in document.waives:
            parameters = {**parameters, "advice": True, "why": document.waives[name]}
        claims[name] = parameters
    for name, parameters in document.claims.items():
        claims[name] = parameters
    return msgspec.structs.replace(
        document,
        calls=document.calls or family.calls,
        output=document.output or family.output,
        layouts=document.layouts or family.layouts,
        dims=_in_order({**family.dims, **document.dims}),
        domain={**family.domain, **document.domain},
        names={**family.names, **document.names},
        options={**family.options, **document.options},
        claims=claims,
    )


def _in_order(dims: dict[str, int | str]) -> dict[str, int | str]:
    """Return the dims with every formula after those that it names, otherwise as they were.

    A size of the family's may follow a dim of the document's own: ``H = "2*w"``.
    """
    names = list(dims)
    waits_for = {name: _names(dims[name]) & dims.keys() for name in names}
    followers: dict[str, list[int]] = {name: [] for name in names}
    for place, name in enumerate(names):
        for other in waits_for[name]:
            followers[other].append(place)
    missing = [len(waits_for[name]) for name in names]
    ready = [place for place, count in enumerate(missing) if not count]
    placed: dict[int, None] = {}
    for first in range(len(names)):  # in turn, where dims follow each other in a circle
        ready += [first] if not ready and first not in placed else []
        while ready:
            place = heapq.heappop(ready)
            placed[place] = None
            for later in followers[names[place]]:
                missing[later] -= 1
                if not missing[later] and later not in placed:
                    heapq.heappush(ready, later)
    return {names[place]: dims[names[place]] for place in placed}


def _names(value: int | str) -> frozenset[str]:
    """Return the dims that a dim follows; none of a text that is no formula, told elsewhere."""
    try:
        return Formula(value).names if isinstance(value, str) else frozenset()
    except SpecError:
        return frozenset()
