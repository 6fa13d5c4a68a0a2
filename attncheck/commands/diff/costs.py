"""What a call of either version costs, and which submodules make the difference; what it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import msgspec

from attncheck.commands.diff.measure import Handed, ModelMeasured
from attncheck.data.changes import CostChange, OutputChange, PartChange


def costs_of(before: ModelMeasured, after: ModelMeasured) -> list[CostChange]:
    """Return parameters, MACs and peak memory of one call of each."""
    rows: dict[str, tuple[int | None, int | None]] = {
        "parameters": (before.parameters, after.parameters),
        "MACs": (_work(before), _work(after)),
        "peak memory": (before.memory or None, after.memory or None),
    }
    return [CostChange(name, *values) for name, values in rows.items()]


def _work(side: ModelMeasured) -> int | None:
    return None if side.failed else sum(side.macs.values())


def parts_of(
    before: ModelMeasured, after: ModelMeasured, now: Callable[[str], str]
) -> list[PartChange]:
    """Return the submodules that make the difference, the outermost of what is new or gone.

    Args:
        before, after: what was measured of both.
        now: the name in the later version of what has this one in the earlier.
    """
    if before.failed or after.failed:  # whose work is not known
        before, after = (msgspec.structs.replace(one, macs={}) for one in (before, after))
    names = {old: now(old) for old in before.made}
    there = {new for new in names.values() if new in after.made}
    stayed = {old for old, new in names.items() if new in there}
    found = [
        PartChange(new, after.made[new][0], *_both(None, _whole(after, new)))
        for new in _outermost(after, there)
    ]
    found += [
        PartChange(old, before.made[old][0], *_both(_whole(before, old), None))
        for old in _outermost(before, stayed)
    ]
    told = {one.place for one in found}
    for old in stayed:
        new = names[old]
        one, other = _own(before, old), _own(after, new)
        if one != other and not any(f"{new}.".startswith(f"{place}.") for place in told):
            found.append(PartChange(new, after.made[new][0], *_both(one, other)))
    return sorted(found, key=lambda part: -_difference(part))


def _outermost(side: ModelMeasured, known: set[str]) -> Iterator[str]:
    """Yield the submodules that the other side does not have, in what it has."""
    return (one for one in side.made if one not in known and one.rpartition(".")[0] in known)


def _difference(part: PartChange) -> int:
    """Return by how much a submodule makes a call dearer or cheaper, MACs before parameters."""
    return max(abs((new or 0) - (old or 0)) for old, new in (part.macs, part.parameters))


_Cost = tuple[int, int]
_Pair = tuple[int | None, int | None]


def _both(one: _Cost | None, other: _Cost | None) -> tuple[_Pair, _Pair]:
    first, second = one or (None, None), other or (None, None)
    return (first[0], second[0]), (first[1], second[1])


def _own(side: ModelMeasured, name: str) -> _Cost:
    return side.own.get(name, 0), side.macs.get(name, 0)


def _whole(side: ModelMeasured, name: str) -> _Cost:
    parameters, macs = (
        sum(value for own, value in table.items() if f"{own}.".startswith(f"{name}."))
        for table in (side.own, side.macs)
    )
    return parameters, macs


def outputs_of(
    before: ModelMeasured, after: ModelMeasured, now: Callable[[str], str]
) -> list[OutputChange]:
    """Return the outputs that are others, then the submodules that give another shape."""
    if before.failed or after.failed:
        return []
    return [*_outputs(before, after), *_shapes(before, after, now)]


def _outputs(before: ModelMeasured, after: ModelMeasured) -> Iterator[OutputChange]:
    old = {one.place: one for one in before.outputs}
    new = {one.place: one for one in after.outputs}
    for place in dict.fromkeys([*old, *new]):
        one, other = old.get(place), new.get(place)
        strided = one is not None and other is not None and one.shape == other.shape
        texts = [
            _words(side, given, strided=strided) for side, given in ((before, one), (after, other))
        ]
        if texts[0] != texts[1]:
            yield OutputChange(place or "output", *texts)


def _shapes(
    before: ModelMeasured, after: ModelMeasured, now: Callable[[str], str]
) -> Iterator[OutputChange]:
    for old, shape in before.shapes.items():
        new = now(old)
        if old and after.shapes.get(new, shape) != shape:
            one, other = Handed("", shape, []), Handed("", after.shapes[new], [])
            yield OutputChange(
                new, _words(before, one, strided=False), _words(after, other, strided=False)
            )


def _words(side: ModelMeasured, given: Handed | None, *, strided: bool) -> str:
    """Return ``2×64×8×8, stride 8``; with the strides in memory where these may differ."""
    if given is None:
        return ""
    text = "×".join(map(str, given.shape)) or "a number"
    if len(side.first) == len(given.shape) == 4:
        steps = {a / b for a, b in zip(side.first[2:], given.shape[2:], strict=True) if b}
        if len(steps) == 1 and (step := steps.pop()).is_integer():
            text += f", stride {step:g}"
    return f"{text}, in memory {tuple(given.strides)}" if strided and given.strides else text
