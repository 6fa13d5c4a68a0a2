"""Probes: one claim kind per file. Found by file name, or by entry point ``attncheck.probes``.

Probes never import each other; what two of them need stands a layer below.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib.metadata import entry_points

from attncheck.subject.claim import Claim

_GROUP = "attncheck.probes"


def find_kind(kind: str) -> type[Claim] | None:
    """Return the claim class of a kind, ours first, then installed plugins'; None if unknown."""
    module = kind.replace("-", "_")
    if module in _ours():
        found = importlib.import_module(f"{__name__}.{module}")
        for value in vars(found).values():
            if isinstance(value, type) and issubclass(value, Claim) and value.kind == kind:
                return value
    for point in entry_points(group=_GROUP):
        if point.name == kind:
            loaded = point.load()
            if isinstance(loaded, type) and issubclass(loaded, Claim):
                return loaded
    return None


def all_kinds() -> Iterator[str]:
    """Yield the name of every claim kind, sorted."""
    ours = {name.replace("_", "-") for name in _ours()}
    yield from sorted(ours | {point.name for point in entry_points(group=_GROUP)})


@cache
def _ours() -> frozenset[str]:
    return frozenset(info.name for info in pkgutil.iter_modules(__path__))
