"""Show an evaluation as a page."""

from __future__ import annotations

from collections.abc import Iterator

from attncheck.commands.evaluate.judge import Judged
from attncheck.commands.evaluate.run import Evaluation
from attncheck.commands.evaluate.tally import Rate, Rates
from attncheck.data.page import Page, Section, Table

_ROWS = (
    ("faulty modules that violate", "recall"),
    ("pairs told apart", "told_apart"),
    ("faulty ones diagnosed by a mutant or a named probe", "diagnosed"),
    ("  by a mutant, where there is a reference", "by_mutant"),
    ("caught for the right fault, where it can be judged", "named"),
    ("right line, any location", "line"),
    ("  the first location", "line_first"),
    ("  or a line beside it", "line_near"),
    ("faulty ones equal to the reference that nothing refuses", "called_equal"),
    ("correct modules accused", "false_alarms"),
    ("correct modules undecided", "undecided"),
    ("correct modules proven equal", "proven"),
)


def page_of(found: Evaluation) -> Page:
    """Return the figures, what was missed or accused and why, and who found what."""
    return Page("How often audits are right", [*_sections(found)])


def _sections(found: Evaluation) -> Iterator[Section]:
    tally = found.tally
    columns = ["", "all", *tally.groups]
    groups = [tally.total, *tally.groups.values()]
    rows = [[label, *(_share(getattr(g, name)) for g in groups)] for label, name in _ROWS]
    yield Section(table=Table(rows, columns))
    entries = found.entries
    yield from _listed(
        "Missed", (e for e in entries if e.verdict and e.should_violate and not e.caught)
    )
    yield from _listed(
        "Violates, and so does the repaired twin",
        (e for e in entries if e.told_apart is False and e.caught),
    )
    yield from _listed(
        "Accused, although correct", (e for e in entries if e.should_conform and e.caught)
    )
    yield from _listed(
        "Limited, and violating", (e for e in entries if e.expected == "limitation" and e.caught)
    )
    yield from _listed(
        "Undecided, although correct",
        (e for e in entries if e.should_conform and e.verdict == "undecided"),
    )
    yield from _listed(
        "Correct and not proven equal",
        (e for e in entries if e.should_conform and e.equivalence not in ("", "proven equal")),
    )
    yield from _listed(
        "Caught, and the line is another", (e for e in entries if e.line in ("elsewhere", "none"))
    )
    yield from _listed("Caught, and not for the fault", (e for e in entries if e.named is False))
    yield from _listed("Left out", (e for e in entries if not e.verdict))
    for heading, table in (
        ("By class of fault", tally.fault_classes),
        ("By mechanism", tally.mechanisms),
    ):
        if table:
            yield Section(heading, table=_grouped(table))
    if tally.probes:
        rows = [[kind, *map(str, counts)] for kind, counts in tally.probes.items()]
        yield Section(
            "By claim kind", table=Table(rows, ["claim kind", "faulty", "alone", "correct"])
        )


def _listed(heading: str, entries: Iterator[Judged]) -> Iterator[Section]:
    rows = [[e.id, e.role if not e.expected else e.expected, e.spec, why(e)] for e in entries]
    if rows:
        yield Section(f"{heading} ({len(rows)})", table=Table(rows))


def why(one: Judged) -> str:
    """Return the reason in a line: what was violated, or what stayed open."""
    if one.violated:
        return "; ".join(f"{v.claim}: {_short(v.message)}" for v in one.violated[:4])
    said = [one.reason] if one.reason else [_short(text) for text in one.undecided[:3]]
    if one.equivalence and not one.reason:
        said.append(f"equivalence: {one.equivalence}")
    return "; ".join(said) or one.verdict


def _short(text: str) -> str:
    first = text.splitlines()[0] if text else ""
    return first if len(first) <= 160 else f"{first[:157]}…"


def _grouped(table: dict[str, Rates]) -> Table:
    names = ("recall", "told_apart", "diagnosed", "line", "false_alarms", "undecided", "proven")
    columns = ["", "violate", "told apart", "diagnosed", "line", "accused", "undecided", "proven"]
    rows = [
        [group, *(_share(getattr(f, n), bare=True) for n in names)] for group, f in table.items()
    ]
    return Table(rows, columns)


def _share(share: Rate, *, bare: bool = False) -> str:
    if not share.of:
        return "–"
    text = f"{share.count}/{share.of}"
    return text if bare else f"{text} ({100 * share.rate:.0f} %)"
