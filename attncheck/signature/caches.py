"""What a parameter of ``forward`` is called that takes keys and values of earlier calls."""

from __future__ import annotations

import re

_CACHE = re.compile(
    r"cache|(^|_)past($|_)|past_k|past_v|^(prev_)?kvs?$|^prev_kv|^(layer_)?state$|memory_kv"
)


def is_cache_name(parameter: str) -> bool:
    """Say whether a parameter of this name takes a cache."""
    return bool(_CACHE.search(parameter))
