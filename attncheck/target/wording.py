"""Constructor arguments under a known name whose words are in another order."""

from __future__ import annotations

import re
from collections.abc import Mapping

from attncheck.target.names import STRONG

_COUNTING = frozenset({"n", "num", "nb", "no", "nr", "number", "of"})


def dim_alike(parameter: str, dims: Mapping[str, int]) -> str:
    """Return the dim that a name means by its words in whatever order, or ``""``.

    ``n_channels_in``, ``numInChannels`` and ``channel_num`` are known names, put otherwise. Not
    for parameters with a default: ``dim_hidden=128`` is a width of its own.
    """
    words = _words(parameter)
    for dim, names in STRONG.items():
        if dim in dims and words and words in [_words(name) for name in names]:
            return dim
    return ""


def _words(name: str) -> frozenset[str]:
    words = re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)
    return frozenset(word.lower() for word in words) - _COUNTING
