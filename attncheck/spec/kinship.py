"""Which shipped mechanism is a case of which, and which one a name means."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from attncheck.spec.shelf import CONTRACTS, as_written, shelf_index, spec_ids

_SIGNS = re.compile(r"[^a-z0-9]+")
_COMMON = re.compile(r"(?:attention|layer|block|module|net|unit|gate|mechanism|blk|[123n]d|v?\d+)$")
"""What people put behind the name of a mechanism."""
_SHORT = re.compile(r"(?:attn|atten|att)(?=layer|block|module|unit|net|[123n]d|v?\d|$)")
"""How people shorten the word."""
_SHORTEST = 2
"""Letters of a name that says something when its common words are taken off."""
_ADJECTIVES = frozenset(
    {
        *("additive", "axial", "causal", "cross", "differential", "efficient", "external"),
        *("linear", "multiplicative", "polarized", "relative", "rotary", "shuffle"),
    }
)
"""Names of mechanisms that are ordinary words: of an attention they tell which, of a layer not."""
_ROLES = frozenset({"selfattention", "crossattention", "sdpa"})
"""Names that tell to what a layer attends, as a submodule is called whatever it computes."""
_OTHERS = frozenset({"mlp", "transformerblock"})
"""Names that some mechanism has too, and that are mostly something else's."""


@lru_cache(maxsize=1)
def _above() -> dict[str, frozenset[str]]:
    """Return mechanism -> all that it is a case of, near or far."""
    index = shelf_index()
    near = {name: frozenset(as_written(index[name]).specialises) for name in spec_ids()}
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
    """Return plain name -> mechanism: an id before an alias, and both before what is shortened.

    What two mechanisms are called is left out.
    """
    found: dict[str, set[str]] = {}
    for alias, path in shelf_index().items():
        if path.stem not in CONTRACTS and alias not in _OTHERS:
            found.setdefault(_plain(alias), set()).add(path.stem)
    single = {alias: next(iter(ids)) for alias, ids in found.items() if len(ids) == 1}
    ids = {_plain(id_): id_ for id_ in single.values()}
    return {**{_written_out(alias): id_ for alias, id_ in single.items()}, **single, **ids}


def named_so(name: str, *, attends: bool = True) -> str:
    """Return the mechanism that a class's name means: an id or an alias, "" for none.

    Words that people put behind it count for nothing; a name that merely holds one says nothing:
    a ``DenseLayer`` is no ``SELayer``.

    Args:
        name: the class; with those around it, ``Outer.Inner``.
        attends: whether it may be an attention or a gate; a ``Linear`` layer is none.

    >>> named_so("CBAM_Block"), named_so("ECALayer"), named_so("DenseLayer"), named_so("Attention")
    ('cbam', 'eca', '', '')
    """
    known = _names()
    for form in _forms(_plain(name.rpartition(".")[2])):
        if form in known and (attends or form not in _ADJECTIVES):
            return known[form]
    return ""


def placed_so(place: str, *, attends: bool = True) -> str:
    """Return the mechanism that a submodule's own name means, "" for none.

    That it attends to what it is given says where it stands, and not which attention it is.

    Args:
        place: the dotted name of the submodule.
        attends: as for :func:`named_so`.

    >>> placed_so("layer1.0.se"), placed_so("layers.0.self_attn")
    ('se', '')
    """
    name = place.rpartition(".")[2]
    return "" if _written_out(_plain(name)) in _ROLES else named_so(name, attends=attends)


def is_layer(mechanism: str) -> bool:
    """Say whether a mechanism is a layer without an attention, whose name alone says little."""
    return mechanism in spec_ids() and not as_written(shelf_index()[mechanism]).attends


def names_family(named: str) -> bool:
    """Say whether what a name means stands for a whole family as well."""
    return bool(_whole(named))


def _whole(named: str) -> str:
    return as_written(shelf_index()[named]).stands_for if named in spec_ids() else ""


def names_family_of(named: str, mechanism: str) -> bool:
    """Say whether what a name means stands for a family as well, of which a mechanism is a member.

    Multi-head attention that hides what is later, or turns by positions, is multi-head attention.

    >>> names_family_of("mha", "causal"), names_family_of("rope", "mha")
    (True, False)
    """
    return names_family(named) and specialises(mechanism, _whole(named))


def is_short_for(name: str, mechanism: str) -> bool:
    """Say whether a class's name is the initials of a mechanism's title, whatever else it means.

    Several papers share most abbreviations: which is meant, the module itself tells.

    >>> is_short_for("PSABlock", "c2psa"), is_short_for("PSABlock", "se")
    (True, False)
    """
    title = as_written(shelf_index()[mechanism]).title
    initials = "".join(word[0] for word in _SIGNS.split(title.lower()) if word)
    return initials in _forms(_plain(name.rpartition(".")[2]))


def _forms(plain: str) -> Iterator[str]:
    """Yield a name as it is, written out, and with less and less behind it."""
    yield plain
    longer = _written_out(plain)
    while longer:
        yield longer
        shorter = _COMMON.sub("", longer)
        longer = shorter if shorter != longer and len(shorter) >= _SHORTEST else ""


def _plain(name: str) -> str:
    return _SIGNS.sub("", name.lower())


def _written_out(plain: str) -> str:
    return _SHORT.sub("attention", plain)
