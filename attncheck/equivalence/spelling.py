"""How well the names of a module's layers fit those of a definition's slots."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_WORDS = re.compile(r"[^A-Za-z]+|(?<=[a-z])(?=[A-Z])")


@lru_cache(maxsize=4096)
def distance(slot: str, owner: str) -> int:
    """Return 0 where a word of the name is the slot's, 1 where it abbreviates it, else 2.

    ``to_q``, ``wq`` and ``query_conv`` fit the slot ``query``.
    """
    words = [word.lower() for word in _WORDS.split(owner.rpartition(".")[2]) if word]
    words += [word[1:] for word in words if word[:1] == "w" and len(word) == 2]
    if slot in words:
        return 0
    return 1 if any(slot.startswith(word) or word.startswith(slot) for word in words) else 2


def spelled(slots: Sequence[str], owner: str) -> bool:
    """Say whether a word of the name spells these slots by their first letters, as ``to_qkv``."""
    letters = "".join(slot[0] for slot in slots)
    words = _WORDS.split(owner.rpartition(".")[2].lower())
    return any(word in (letters, f"w{letters}") for word in words)
