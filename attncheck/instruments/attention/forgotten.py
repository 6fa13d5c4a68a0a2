"""Which tokens the last one of a decoded sequence does not hear."""

from __future__ import annotations

from collections.abc import Callable

from attncheck.lazy import torch
from attncheck.subject.tolerance import budget, difference


def forgotten(decode: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> str:
    """Return in words what a cache has lost, "" where the last token hears all before it.

    Args:
        decode: feeds tokens one by one to a fresh module: (B, N, C) -> (B, N, D).
        x: the tokens, (B, N, C).
    """
    size, before = x.shape[1], decode(x)[:, -1]
    unheard = []
    for token in range(size - 1):
        other = x.clone()
        other[:, token] += 1.0
        if difference(decode(other)[:, -1], before) <= budget(before):
            unheard.append(token + 1)
    if not unheard:
        return ""
    if unheard == [size - 1]:
        return f": token {size} misses token {size - 1}, the newest comes too late into the cache"
    if unheard[-1] == size - 1:
        few = f"tokens {unheard[0]} to {unheard[-1]}"
        return f": token {size} misses {few}, the cache does not grow with new ones"
    return f": token {size} misses {len(unheard)} of the tokens before it, the cache lost them"
