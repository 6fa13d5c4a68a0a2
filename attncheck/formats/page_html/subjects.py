"""One subject as the page shows it: what is wrong, what is open, what it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from attncheck.data.profile import Profile
from attncheck.data.report import Finding, Status, SubjectReport
from attncheck.formats.page_html.figures.figure import Figure
from attncheck.formats.page_html.figures.growth import growth_figure
from attncheck.formats.page_html.figures.reach import reach_figure
from attncheck.formats.page_html.figures.strips import strips_figure
from attncheck.formats.page_html.names import Names
from attncheck.formats.shared.counting import count_notes, count_rows
from attncheck.formats.shared.excerpts import Excerpt, excerpts
from attncheck.formats.shared.paths import shown
from attncheck.formats.shared.wording import (
    advice,
    contrast,
    diagnosis,
    notes,
    open_lines,
    replay,
    summary,
    violations,
    with_status,
    witness_shape,
)


@dataclass(frozen=True)
class MutantShown:
    """A mutant of the reference that computes what the subject computes."""

    mistake: str
    diff: list[str]


@dataclass(frozen=True)
class ExcerptShown:
    """An excerpt of the source; ``above`` is the id of the violation that shows it already."""

    excerpt: Excerpt
    above: str


@dataclass(frozen=True)
class Broken:
    """One violated claim with everything that shows it."""

    name: str
    finding: Finding
    contrast: list[tuple[str, str]]
    excerpts: list[ExcerptShown]
    map: Figure | None
    mutants: list[MutantShown]
    witness: str
    commands: list[str]


@dataclass(frozen=True)
class View:
    """One subject's section."""

    name: str
    subject: SubjectReport
    target: str
    summary: str
    diagnosis: str
    broken: list[Broken]
    undecided: list[Finding]
    advice: list[Finding]
    notes: list[str]
    counts: list[tuple[str, str]]
    count_notes: list[str]
    maps: list[Figure] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)

    @property
    def first(self) -> str:
        """What is wrong, in one sentence: the mistake's name, or the first broken claim's."""
        for one in self.broken:
            if one.mutants:
                return one.finding.message
        found = [one.finding for one in self.broken] or self.undecided
        return found[0].message or found[0].claim if found else ""


def view(name: str, subject: SubjectReport, names: Names) -> View:
    """Return everything that the page says of a subject.

    Args:
        name: its id on the page.
        subject: the report of it.
        names: what gives its findings and figures their ids.
    """
    known = _Excerpts(subject)
    broken = [_broken(name, finding, names, known) for finding in _telling(subject)]
    said = diagnosis(subject)
    return View(
        name,
        subject,
        target=shown(subject.target),
        summary=summary(subject),
        diagnosis="" if any(said == one.finding.message for one in broken) else said,
        broken=broken,
        undecided=open_lines(subject),
        advice=advice(subject),
        notes=notes(subject),
        counts=[(label, cells[0]) for label, cells in count_rows([subject])],
        count_notes=count_notes([subject]),
        maps=list(_held_maps(name, subject, names)),
        figures=list(_figures(name, subject.profile, names)) if subject.profile else [],
    )


def _telling(subject: SubjectReport) -> list[Finding]:
    """Return the violations, first the one that names the mistake."""
    return sorted(violations(subject), key=lambda f: not list(_mutants(f)))


class _Excerpts:
    """Source that one violation shows is only named by the next."""

    def __init__(self, subject: SubjectReport) -> None:
        self._subject = subject
        self._first: dict[tuple[object, ...], str] = {}

    def of(self, finding: Finding, place: str) -> list[ExcerptShown]:
        """Return the finding's excerpts, shown at this id or above."""
        found = []
        for excerpt in excerpts(finding, self._subject):
            first = self._first.setdefault((excerpt.path, *excerpt.lines), place)
            found.append(ExcerptShown(excerpt, "" if first == place else first))
        return found


def _broken(name: str, finding: Finding, names: Names, known: _Excerpts) -> Broken:
    place = names.new(name.removeprefix("s-"), finding.claim)
    title = f"{finding.claim}: the positions claimed beside those that reach the output"
    return Broken(
        place,
        finding,
        contrast=contrast(finding),
        excerpts=known.of(finding, place),
        map=reach_figure(f"{place}-map", title, finding.evidence),
        mutants=list(_mutants(finding)),
        witness=witness_shape(finding) if finding.witness is not None else "",
        commands=[command for command in (finding.reproduce, replay(finding)) if command],
    )


def _mutants(finding: Finding) -> Iterator[MutantShown]:
    data = finding.evidence.get("diagnosis")
    found = data.get("mutants") if isinstance(data, dict) else None
    for mutant in found if isinstance(found, list) else []:
        if isinstance(mutant, dict) and isinstance(mutant.get("diff"), list):
            yield MutantShown(
                str(mutant.get("mistake", "")), [str(line) for line in mutant["diff"]]
            )


def _held_maps(name: str, subject: SubjectReport, names: Names) -> Iterator[Figure]:
    """Yield the maps of reach claims that hold: one pass, two passes."""
    for finding in with_status(subject, Status.HOLDS):
        if evidence := held_map(finding):
            place = names.new(name.removeprefix("s-"), finding.claim, "map")
            title = f"{finding.claim}: {finding.message}"
            if (found := reach_figure(place, title, evidence)) is not None:
                yield found


def held_map(finding: Finding) -> dict[str, Any]:
    """Return the evidence of a reach map that a finding that holds carries, if it does."""
    found = finding.evidence.get("map")
    return found if isinstance(found, dict) else {}


def _figures(name: str, profile: Profile, names: Names) -> Iterator[Figure]:
    bare = name.removeprefix("s-")
    for what, growth in sorted(profile.scaling.items(), key=lambda item: _rank(item[0])):
        if (found := growth_figure(names.new(bare, what), what, growth)) is not None:
            yield found
    if (strips := strips_figure(names.new(bare, "samples"), profile.rows)) is not None:
        yield strips


def _rank(what: str, known: Sequence[str] = ("macs", "memory", "latency")) -> int:
    return known.index(what) if what in known else len(known)
