"""The steps of attention over sequences: who lies behind whom, rotations, shared heads."""

from __future__ import annotations

import torch
from torch import Tensor

from attncheck.reference.heads import over_heads


def places(t: Tensor) -> Tensor:
    """Return the positions 0, 1, 2, … of the last axis but one: (..., N, d) -> (N,)."""
    return torch.arange(t.shape[-2], device=t.device)


def behind(queries: Tensor, keys: Tensor) -> Tensor:
    """Return how far each key lies behind each query, negative ahead: (N,), (M,) -> (N, M)."""
    return queries[:, None] - keys[None, :]


def among_seen(gap: Tensor, mask: Tensor) -> Tensor:
    """Return how far keys lie behind, hidden ones not counted: (N, M) by a mask -> (B, 1, N, M).

    Up to a number of each query, of which a softmax over its keys knows nothing.
    """
    return gap + over_heads(mask).cumsum(-1)


def either(outside: Tensor | None, mask: Tensor | None) -> Tensor | None:
    """Return what is hidden by the mechanism or by the caller's mask, None where nothing is."""
    if outside is None or mask is None:
        return outside if mask is None else over_heads(mask)
    return outside | over_heads(mask)


def repeat_heads(t: Tensor, times: int) -> Tensor:
    """Give each head to so many neighbours: (B, g, N, d) -> (B, g·times, N, d), 0 0 1 1."""
    return t.repeat_interleave(times, 1)


def frequencies(d: int, base: float, like: Tensor) -> Tensor:
    """Return how fast each pair of d channels turns: base^(-2i/d), (d/2,)."""
    i = torch.arange(0, d, 2, device=like.device, dtype=like.dtype)
    return base ** (-i / d)


def neighbours(angle: Tensor) -> Tensor:
    """Give both channels of each pair of neighbours its angle: (N, d/2) -> (N, d), 0 0 1 1."""
    return angle.repeat_interleave(2, -1)


def other_half(t: Tensor) -> Tensor:
    """Return each channel's partner d/2 away, negative for the first half: (..., d) -> same."""
    a, b = t.chunk(2, -1)
    return torch.cat((-b, a), -1)


def other_neighbour(t: Tensor) -> Tensor:
    """Return each channel's neighbour in its pair, negative for the first: (..., d) -> same."""
    return torch.stack((-t[..., 1::2], t[..., 0::2]), -1).flatten(-2)


def rotary_width(d: int, part: float) -> int:
    """Return how many of d channels turn: a share of them up to 1, else so many."""
    return int(d * part) if part <= 1 else int(part)


def first_channels(t: Tensor, width: int) -> Tensor:
    """Return the first channels of each head: (..., d) -> (..., width)."""
    return t[..., :width]


def other_channels(t: Tensor, width: int) -> Tensor:
    """Return the channels after the first ones: (..., d) -> (..., d - width)."""
    return t[..., width:]


def beside_keys(sinks: Tensor, logits: Tensor) -> Tensor:
    """Return each head's number as the logit of one more key: (heads,) -> (B, heads, N, 1)."""
    return sinks[None, :, None, None].expand(*logits.shape[:-1], 1)


def without_last(shares: Tensor) -> Tensor:
    """Return the shares of all keys but the last: (..., M + 1) -> (..., M)."""
    return shares[..., :-1]


def drop_keys(keys: Tensor, mask: Tensor | None) -> Tensor:
    """Set hidden keys to zero, (B, heads, M, d), by a mask (B, M), or (B, N, M) of equal rows.

    Raises:
        ValueError: the mask hides other keys from other queries.
    """
    if mask is None:
        return keys
    rows = mask.reshape(mask.shape[0], -1, mask.shape[-1])
    if not torch.equal(rows.all(1), rows.any(1)):
        raise ValueError("a sum over all keys has one mask for all queries")
    return keys.masked_fill(rows[:, 0][:, None, :, None], 0.0)


def over_states(mask: Tensor) -> Tensor:
    """Make a mask broadcast to a score per state: (B, M) -> (B, 1, M); (B, N, M) stays."""
    return mask[:, None] if mask.ndim == 2 else mask


def as_states(query: Tensor) -> Tensor:
    """Return decoder states with an axis of their own: (B, C) or (B, N, C) -> (B, N, C)."""
    return query[:, None] if query.ndim == 2 else query


def like_states(context: Tensor, query: Tensor) -> Tensor:
    """Undo :func:`as_states` for what each state got: (B, N, D) -> (B, D) or the same."""
    return context[:, 0] if query.ndim == 2 else context
