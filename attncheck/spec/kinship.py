"""Which shipped mechanism is a case of which, and which one a name means."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from attncheck.spec.reading import read_document
from attncheck.spec.shelf import shelf_index, spec_ids

_SIGNS = re.compile(r"[^a-z0-9]+")
_COMMON = re.compile(
    r"(?:attention|attn|layer|block|module|net|unit|gate|mechanism|blk|v?[123]d?|nd)$"
)
"""What people put behind the name of a mechanism."""
_SHORTEST = 2
"""Letters of a name that says something when its common words are taken off."""
_CONTRACTS = frozenset({"map", "tokens", "seq2seq"})


@lru_cache(maxsize=1)
def _above() -> dict[str, frozenset[str]]:
    """Return mechanism -> all that it is a case of, near or far."""
    index = shelf_index()
    near = {name: frozenset(read_document(index[name])[0].specialises) for name in spec_ids()}
    found: dict[str, frozenset[str]] = {}
    for name, first in near.items():
        seen: set[str] = set()
        waiting = [*first]
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting += near.get(other, ())
        found[name] = frozenset(seen - {name})
    return found


def specialises(name: str, other: str) -> bool:
    """Say whether a mechanism is a case of another one."""
    return other in _above().get(name, ())


def akin(name: str, other: str) -> bool:
    """Say whether one of two mechanisms is a case of the other, or they are one."""
    return name == other or specialises(name, other) or specialises(other, name)


def most_special(names: Iterable[str]) -> list[str]:
    """Return those of which no other one given is a case, in their order."""
    every = list(names)
    return [name for name in every if not any(specialises(other, name) for other in every)]


@lru_cache(maxsize=1)
def _names() -> dict[str, str]:
    """Return name in small letters without signs -> mechanism; what two have is left out."""
    found: dict[str, set[str]] = {}
    for alias, path in shelf_index().items():
        if path.stem not in _CONTRACTS:
            found.setdefault(_SIGNS.sub("", alias), set()).add(path.stem)
    return {alias: next(iter(ids)) for alias, ids in found.items() if len(ids) == 1}


def named_so(name: str) -> str:
    """Return the mechanism that a class's name means: an id or an alias, "" for none.

    Words that people put behind it count for nothing; a name that merely holds one says nothing:
    a ``DenseLayer`` is no ``SELayer``.

    >>> named_so("CBAM_Block"), named_so("ECALayer"), named_so("DenseLayer"), named_so("Attention")
    ('cbam', 'eca', '', '')
    """
    own = _SIGNS.sub("", name.rpartition(".")[2].lower())
    known = _names()
    while own:
        if own in known:
            return known[own]
        shorter = _COMMON.sub("", own)
        if shorter == own or len(shorter) < _SHORTEST:
            return ""
        own = shorter
    return ""
