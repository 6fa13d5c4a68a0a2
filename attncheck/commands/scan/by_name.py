"""Which mechanism a class's name speaks of: an id or an alias, whatever is wrapped around it.

Part of a name alone says nothing: a ``DenseLayer`` is no ``SELayer``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from attncheck.spec.shelf import shelf_index

_WRAPPING = re.compile(r"(layer|block|module|unit|net|[123n]d|v?\d+)$")
_SHORTER = re.compile(r"(attn|atten|att)(?=layer|block|module|unit|net|[123n]d|v?\d|$)")
_FAMILIES = ("map", "tokens", "seq2seq")
_ADJECTIVES = {
    *("additive", "axial", "causal", "cross", "differential", "efficient", "external", "linear"),
    *("multiplicative", "polarized", "relative", "rotary", "shuffle"),
}
"""Names of mechanisms that are ordinary words: of an attention they tell which, of a layer not."""


def mechanism_named(name: str, *, attends: bool = False) -> str:
    """Return the id of the spec that a class's name speaks of, "" if none.

    Args:
        name: the class; with those around it, ``Outer.Inner``.
        attends: whether its operators are those of an attention or a gate.

    >>> mechanism_named("SELayer"), mechanism_named("DenseLayer")
    ('se', '')
    """
    known = _index()
    for form in _forms(name.rpartition(".")[2]):
        if form in known and (attends or form not in _ADJECTIVES):
            return known[form]
    return ""


@lru_cache(maxsize=1)
def _index() -> dict[str, str]:
    """Return plain name -> id: an id comes before an alias, and both before what is abbreviated."""
    known = {word: path.stem for word, path in shelf_index().items() if path.stem not in _FAMILIES}
    known.pop("mlp", None)  # most are no attention
    ids = {_plain(id_): id_ for id_ in known.values()}
    whole = {_plain(word): id_ for word, id_ in known.items()}
    return {**{_written_out(word): id_ for word, id_ in whole.items()}, **whole, **ids}


def _forms(name: str) -> Iterator[str]:
    """Yield a name plain, written out, and with less and less around it."""
    yield _plain(name)
    plain = _written_out(_plain(name))
    yield plain
    while (shorter := _WRAPPING.sub("", plain)) != plain and len(shorter) > 1:
        plain = shorter
        yield plain


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _written_out(plain: str) -> str:
    return _SHORTER.sub("attention", plain)
