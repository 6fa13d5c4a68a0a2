"""A published figure against a count: equal within the digits that are printed, or not, and why."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec

from attncheck.commands.figures.counters import COUNTERS
from attncheck.commands.figures.network import Network, network
from attncheck.commands.figures.rows import Published
from attncheck.errors import AttncheckError

MEBI, GIBI = 2.0**20, 2.0**30


class FigureCompared(msgspec.Struct, frozen=True, omit_defaults=True):
    """One figure.

    Attributes:
        printed: as published.
        count: what was counted, in single parameters or operations.
        value: the count in the published unit.
        difference: value less printed, in the published unit.
        agrees: whether they differ by at most half a unit of the last printed digit.
        explained: conventions other than the source's stated one under which they would agree.
    """

    printed: str
    count: int
    value: float
    difference: float
    agrees: bool
    explained: list[str] = []


class RowCompared(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one published row.

    Attributes:
        id: ``table/number``.
        mechanism: as the source names it.
        backbone: as the source names it.
        source: where it is printed.
        status: ``read`` or ``recalled``.
        verdict: ``agrees``, ``disagrees`` or ``not built``.
        specs: ids of the specs whose references were inserted.
        places: into how many places.
        printed: the figures as published: params and FLOPs, "" where there is none.
        params: the comparison of the parameters.
        flops: the comparison of the operations.
        memory: as printed; it is not counted.
        why: why it was not built, or why a figure is not compared.
        note: what is known of the row.
    """

    id: str
    mechanism: str
    backbone: str
    source: str
    status: str
    verdict: str
    specs: list[str] = []
    places: int = 0
    printed: tuple[str, str] = ("", "")
    params: FigureCompared | None = None
    flops: FigureCompared | None = None
    memory: str = ""
    why: str = ""
    note: str = ""

    @property
    def parts(self) -> list[FigureCompared]:
        """The figures that are compared."""
        return [each for each in (self.params, self.flops) if each is not None]


def figure(row: Published) -> RowCompared:
    """Build a row's network, count it and compare; what cannot be built says why."""
    plan = row.row.build
    why, found = row.row.why_not, None
    if plan is not None:
        try:
            found = network(row)
        except AttncheckError as error:
            why = str(error)
    elif not why:
        why = "nothing says how it is built"
    params = flops = None
    if found is not None:
        params, flops = parameters_of(row, found), operations_of(row, found)
    compared = [each for each in (params, flops) if each is not None]
    verdict = "not built"
    if compared:
        verdict = "agrees" if all(each.agrees for each in compared) else "disagrees"
    return RowCompared(
        id=row.id,
        mechanism=row.row.mechanism,
        backbone=row.row.backbone,
        source=row.table.source,
        status=row.table.status,
        verdict=verdict,
        specs=row.specs,
        places=found.places if found else 0,
        printed=(row.row.params, row.row.flops),
        params=params,
        flops=flops,
        memory=row.row.memory,
        why=why,
        note=row.row.note,
    )


def parameters_of(row: Published, found: Network) -> FigureCompared | None:
    """Compare the parameters; None where the row prints none."""
    if not row.row.params:
        return None
    count = found.folded if row.table.folded else found.parameters
    other, word = (1e6, "10⁶") if row.million == MEBI else (MEBI, "2²⁰")
    others = [(f"in units of {word}", count, other)]
    return compare(row.row.params, count, row.million, others)


def operations_of(row: Published, found: Network) -> FigureCompared | None:
    """Compare the operations; None where the row prints none."""
    if not row.row.flops:
        return None
    count = row.table.per_mac * found.operations[row.counter, row.pools]
    return compare(row.row.flops, count, row.flops_unit, list(_others(row, found)))


def _others(row: Published, found: Network) -> Iterator[tuple[str, int, float]]:
    """Yield (convention, count, unit) of conventions that sources are known to use."""
    for counter in COUNTERS:
        if counter != row.counter:
            count = row.table.per_mac * found.operations[counter, row.pools]
            yield f"as {counter} counts", count, row.flops_unit
    times = 2 if row.table.per_mac == 1 else 1
    count = times * found.operations[row.counter, row.pools]
    yield f"at {times} per multiply-add", count, row.flops_unit


def compare(
    printed: str, count: int, unit: float, others: list[tuple[str, int, float]]
) -> FigureCompared:
    """Compare a printed figure with a count.

    Args:
        printed: as published; its digits say how it was rounded.
        count: parameters or operations.
        unit: what one unit of the printed figure stands for.
        others: (convention, count, unit) under which it may agree instead.
    """
    agrees = same(printed, count / unit)
    explained: list[str] = []
    if not agrees:
        explained = [word for word, n, u in others if same(printed, n / u)]
        if cut(printed, count / unit):
            explained.insert(0, "cut off, not rounded")
    value = count / unit
    return FigureCompared(printed, count, value, value - float(printed), agrees, explained)


def same(printed: str, value: float) -> bool:
    """Say whether a value is the printed one within half a unit of its last digit."""
    half = Decimal(1).scaleb(-decimals(printed)) / 2
    return abs(Decimal(repr(value)) - Decimal(printed)) <= half


def cut(printed: str, value: float) -> bool:
    """Say whether the printed figure is the value without its further digits."""
    digit = Decimal(1).scaleb(-decimals(printed))
    return Decimal(0) <= Decimal(repr(value)) - Decimal(printed) < digit


def decimals(printed: str) -> int:
    """Return how many digits a figure has behind its point."""
    return len(printed.partition(".")[2])
