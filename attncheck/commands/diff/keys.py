"""Which layer of one version is which of the other, and what becomes of the keys of a checkpoint.

Layers are aligned in their order by the shapes of what they hold, names deciding where shapes do
not: a layer put into a ``Sequential`` moves the numbers of all behind it, and they stay the same.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from attncheck.data.changes import Renamed, Reshaped, StateChange

Shapes = dict[str, list[int]]
"""Key -> shape, in the order of a state dict."""
Kinds = Mapping[str, str]
"""Submodule -> class, in the order in which they are registered."""

_MOST_CELLS = 4_000_000
_SAME_NAME, _SAME_LAST = 0.02, 0.01
_BARE = (-1,)
"""In place of a shape, for what holds no tensor and is known by its class."""


class _Owner(NamedTuple):
    """A submodule with tensors of its own: its dotted name, and their shapes."""

    path: str
    held: tuple[tuple[str, tuple[int, ...]], ...]


def paired(before: Shapes, after: Shapes, kinds: tuple[Kinds, Kinds] = ({}, {})) -> dict[str, str]:
    """Return which submodule is which of the other version, by their names.

    Args:
        before, after: the keys of both versions with their shapes.
        kinds: the submodules of both, so that those without tensors of their own, and with none
            below them, have their place among the others.
    """
    left, right = _owners(before, kinds[0]), _owners(after, kinds[1])
    start = 0
    while start < min(len(left), len(right)) and left[start] == right[start]:
        start += 1
    end = 0
    while end < min(len(left), len(right)) - start and left[-1 - end] == right[-1 - end]:
        end += 1
    found = {one.path: one.path for one in (*left[:start], *left[len(left) - end :])}
    left, right = left[start : len(left) - end], right[start : len(right) - end]
    if len(left) * len(right) <= _MOST_CELLS:
        found |= _plausible(_aligned(left, right))
    taken = set(found.values())
    there = {one.path for one in right} - taken
    for one in left:
        if one.path not in found and one.path in there:
            found[one.path] = one.path
    return found


def changed_state(before: Shapes, after: Shapes, owners: Mapping[str, str]) -> StateChange:
    """Return what becomes of each key.

    Args:
        before, after: the keys of both versions with their shapes.
        owners: what :func:`paired` says of them.
    """
    found = StateChange(keys=len(before), elements=sum(map(math.prod, before.values())))
    now = _names(before, after, owners)
    rules: dict[str, list[tuple[str, str]]] = defaultdict(list)
    meant = {new: old for old, new in now.items()}
    for old, shape in before.items():
        new, size = now.get(old), math.prod(shape)
        if after.get(old) == shape and meant.get(old, old) == old:
            found.kept += 1
            found.kept_elements += size
        elif new is None:
            found.lost.append(old)
        elif after[new] != shape:
            found.reshaped.append(Reshaped(old, new, shape, after[new]))
        else:
            rules[pattern_of(old, new)].append((old, new))
            found.renamed_elements += size
        if shape and after.get(old) == shape and meant.get(old, old) != old:
            found.mistaken.append((old, meant[old]))
    found.renamed = [Renamed(pattern, keys) for pattern, keys in rules.items()]
    known = {*now.values(), *(key for key in before if after.get(key) == before[key])}
    found.new = [key for key in after if key not in known]
    return found


def pattern_of(old: str, new: str) -> str:
    """Return what a change of names is in general.

    >>> pattern_of("model.10.conv.weight", "model.11.conv.weight")
    'model.N.* → model.N+1.*'
    >>> pattern_of("layers.3.self_attn.q.weight", "layers.3.attn.q.weight")
    'layers.N.self_attn.* → layers.N.attn.*'
    >>> pattern_of("conv.weight", "backbone.conv.weight")
    '* → backbone.*'
    """
    one, other = old.split("."), new.split(".")
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    head = [_general(word) for word in one[:start]]
    middle, renamed = one[start : len(one) - end], other[start : len(other) - end]
    if len(middle) == len(renamed) == 1 and middle[0].isdigit() and renamed[0].isdigit():
        moved = int(renamed[0]) - int(middle[0])
        middle, renamed = ["N"], [f"N{moved:+d}"]
    else:
        numbers = [[word for word in words if word.isdigit()] for words in (middle, renamed)]
        if numbers[0] == numbers[1]:
            middle, renamed = [_general(w) for w in middle], [_general(w) for w in renamed]
    tail = ["*"] if end else []
    return f"{'.'.join([*head, *middle, *tail])} → {'.'.join([*head, *renamed, *tail])}"


def _general(word: str) -> str:
    return "N" if word.isdigit() else word


def _owners(keys: Shapes, kinds: Kinds = MappingProxyType({})) -> list[_Owner]:
    held: dict[str, list[tuple[str, tuple[int, ...]]]] = {}
    for key, shape in keys.items():
        path, _, own = key.rpartition(".")
        held.setdefault(path, []).append((own, tuple(shape)))
    inner = {path.rpartition(".")[0] for path in kinds if path}
    bare = {path: [(kind, _BARE)] for path, kind in kinds.items() if path not in inner}
    order = [path for path in kinds if path in bare or path in held] or list(held)
    return [_Owner(path, tuple(held.get(path) or bare[path])) for path in order]


def _aligned(left: Sequence[_Owner], right: Sequence[_Owner]) -> list[tuple[_Owner, _Owner]]:
    """Return the pairs, in the order of both, whose likenesses add up to the most."""
    numbers: dict[_Held, int] = {}
    mine, theirs = (
        [(one, numbers.setdefault(one.held, len(numbers))) for one in side]
        for side in (left, right)
    )
    known: dict[tuple[int, int], float] = {}

    def alike(one: _Owner, of: int, other: _Owner, than: int) -> float:
        score = known.get((of, than))
        if score is None:
            score = known[of, than] = _likeness(one.held, other.held)
        if one.path == other.path:
            return max(score, 0.05) + _SAME_NAME if _shares(one.held, other.held) else score
        return score + _SAME_LAST * (_last(one.path) == _last(other.path)) if score else 0.0

    rows = [[0.0] * (len(right) + 1)]
    for one, of in mine:
        above, row = rows[-1], [0.0]
        for at, (other, than) in enumerate(theirs):
            best = max(above[at + 1], row[at])
            score = alike(one, of, other, than)
            row.append(max(best, above[at] + score) if score else best)
        rows.append(row)
    pairs: list[tuple[_Owner, _Owner]] = []
    i, j = len(left), len(right)
    while i and j:
        if rows[i][j] == rows[i - 1][j]:
            i -= 1
        elif rows[i][j] == rows[i][j - 1]:
            j -= 1
        else:
            i, j = i - 1, j - 1
            pairs.append((left[i], right[j]))
    return pairs[::-1]


_Held = tuple[tuple[str, tuple[int, ...]], ...]


def _likeness(one: _Held, other: _Held) -> float:
    """Return how alike two submodules are by what they hold, 0 to 1."""
    if one == other:
        return 0.3 if one[0][1] == _BARE else 1.0
    if _BARE in (one[0][1], other[0][1]):
        return 0.0
    if [shape for _, shape in one] == [shape for _, shape in other]:
        return 0.5
    mine, theirs = dict(one), dict(other)
    both = [name for name in mine if name in theirs]
    if not both:
        return 0.0
    equal = sum(mine[name] == theirs[name] for name in both)
    if equal:
        return 0.4 * equal / max(len(mine), len(theirs))
    return 0.1 if all(_widened(mine[name], theirs[name]) for name in both) else 0.0


def _widened(one: tuple[int, ...], other: tuple[int, ...]) -> bool:
    """Say whether it may be the same weight with other channels on one side."""
    if len(one) != len(other) or one[2:] != other[2:]:
        return False
    return len(one) < 2 or one[0] == other[0] or one[1] == other[1]


def _shares(one: _Held, other: _Held) -> bool:
    return bool(dict(one).keys() & dict(other).keys())


def _last(path: str) -> str:
    return path.rpartition(".")[2]


def _plausible(pairs: Iterable[tuple[_Owner, _Owner]]) -> dict[str, str]:
    """Leave out what only happens to hold the same shapes.

    A submodule under another name is the same where its own name or its parent stays, or where
    its names change as those of another do.
    """
    every = [(one.path, other.path) for one, other in pairs]
    times: dict[str, int] = defaultdict(int)
    for old, new in every:
        times[pattern_of(old, new)] += 1
    return {
        old: new
        for old, new in every
        if old == new
        or _last(old) == _last(new)
        or old.rpartition(".")[0] == new.rpartition(".")[0]
        or times[pattern_of(old, new)] > 1
    }


def _names(before: Shapes, after: Shapes, owners: Mapping[str, str]) -> dict[str, str]:
    """Return which key is which; keys that are gone stay out."""
    old, new = dict(_owners(before)), dict(_owners(after))
    found: dict[str, str] = {}
    for path, now in owners.items():
        if path not in old:
            continue
        mine, theirs = dict(old[path]), dict(new.get(now, ()))
        rest = [name for name in theirs if name not in mine]
        for name, shape in mine.items():
            same = next((other for other in rest if theirs[other] == shape), None)
            own = name if name in theirs else same
            if own is not None:
                rest = [other for other in rest if other != own]
                found[_joined(path, name)] = _joined(now, own)
    return found


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
