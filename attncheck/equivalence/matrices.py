"""One matrix of the subject for one slot or several: fused projections, and joined inputs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from attncheck.data.formula import Formula
from attncheck.equivalence.assignment import Part
from attncheck.equivalence.rows import Rows, layouts
from attncheck.equivalence.sizes import Dims, unify_all
from attncheck.equivalence.units import Unit

if TYPE_CHECKING:
    from attncheck.reference.slots import Slot

MOST_VECTORS = 4
"""Vectors that may be the rows of one table."""
Named = Sequence[tuple[str, "Slot"]]
Fitted = tuple[Dims, dict[str, Part]]


def one_below_another(
    group: Named, unit: Unit, shape: tuple[int, int], dims: Dims, told: Mapping[str, int]
) -> Iterator[Fitted]:
    """Yield the ways in which a matrix's rows are those of the group's slots, and no others.

    Args:
        group: slots on one input, one or more.
        unit: the matrix.
        shape: its rows and columns, as it is read.
        dims: what is known.
        told: widths by the constructor's account, for those that one matrix hides.
    """
    for found in _unified(group, shape, dims, told):
        if len(group) == 1:
            yield found, {group[0][0]: Part(unit)}
            continue
        counts = [found.get(name) for name in ("heads", "kv_heads")]
        heads, groups = (n if isinstance(n, int) else 1 for n in counts)
        for order in itertools.permutations(group):  # the definition's own order first
            widths = [int(Formula(slot.sizes[1]).evaluate(found)) for _, slot in order]
            for layout in layouts(widths, heads, groups):
                parts = {n: Part(unit, own) for (n, _), own in zip(order, layout, strict=True)}
                yield found, parts


def _unified(
    group: Named, shape: tuple[int, int], dims: Dims, told: Mapping[str, int]
) -> Iterator[Dims]:
    """Yield the dims with which the group's rows are as many as the matrix has."""
    rows, columns = shape
    outs = tuple(slot.sizes[1] for _, slot in group)
    total = " + ".join(f"({text})" for text in outs) if len(outs) > 1 else outs[0]
    inputs = group[0][1].sizes[0]
    if (found := unify_all((inputs, total), (columns, rows), dims)) is not None:
        yield found
        return
    hidden = {n: told[n] for n in Formula(total).names & told.keys() if n not in dims}
    if hidden and (found := unify_all((inputs, total), (columns, rows), {**dims, **hidden})):
        yield found
    if len(outs) > 1 and rows % len(outs) == 0:
        # Several widths unknown: a fused projection most likely has parts of one width.
        parts_of = dict.fromkeys((out, rows // len(outs)) for out in outs)
        texts, sizes = zip((inputs, columns), *parts_of, strict=True)
        if (found := unify_all(texts, sizes, dims)) is not None:
            yield found


def vectors_of(group: Named, unit: Unit, shape: tuple[int, int], dims: Dims) -> Iterator[Fitted]:
    """Yield the ways in which a table's rows are the vectors of the group's slots, one each."""
    rows, columns = shape
    found = unify_all(group[0][1].sizes, (columns,), dims) if rows == len(group) else None
    if found is None:
        return
    for order in itertools.permutations(group):  # the definition's own order first
        yield found, {n: Part(unit, Rows(at, at + 1)) for at, (n, _) in enumerate(order)}


def may_stand_beside(pair: Named) -> bool:
    """Say whether one matrix could act on the inputs of two slots, joined."""
    if len(pair) < 2 or any(s.kind != "linear" or s.bias is False for _, s in pair):
        return False
    slot, beside = pair[0][1], pair[1][1]
    return slot.sizes[1] == beside.sizes[1]


def side_by_side(pair: Named, unit: Unit, shape: tuple[int, int], dims: Dims) -> Iterator[Fitted]:
    """Yield the ways in which a matrix's columns are those of one slot and then the other's."""
    rows, columns = shape
    slot, beside = pair[0][1], pair[1][1]
    inputs = f"({slot.sizes[0]}) + ({beside.sizes[0]})"
    found = unify_all((inputs, slot.sizes[1]), (columns, rows), dims)
    if found is None:
        return
    for (a, first), (b, _) in ((pair[0], pair[1]), (pair[1], pair[0])):
        cut = first.shape(found)[0]
        parts = {
            a: Part(unit, columns=(0, cut)),
            b: Part(unit, columns=(cut, columns), biased=False),
        }
        yield found, parts
