"""What the page says of all subjects together: the headline, the worst, cost against reach."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from msgspec import UnsetType

from attncheck.data.counts import Counts, known
from attncheck.data.report import Report, SubjectReport, Verdict
from attncheck.formats.page_html.figures.pareto import Offer
from attncheck.formats.page_html.subjects import View, held_map
from attncheck.formats.shared.reach import reach_map
from attncheck.formats.shared.scans import headline as scanned
from attncheck.formats.shared.scans import rows
from attncheck.formats.shared.wording import plural

_SHOWN_IN_TITLE = ("attncheck", "torch", "python", "device")


@dataclass(frozen=True)
class VerdictShare:
    """How many subjects have a verdict."""

    verdict: str
    sign: str
    count: int
    word: str


def headline(report: Report) -> str:
    """Return the one sentence that a reader in a hurry needs."""
    count = Counter(subject.verdict for subject in report.subjects)
    total = len(report.subjects)
    if not total and not isinstance(report.scan, UnsetType):
        return scanned(report.scan, rows(report, report.scan))
    if not total:
        return "Nothing was audited"
    broken, open_ = count[Verdict.VIOLATES], count[Verdict.UNDECIDED]
    if broken:
        if total == 1:
            return "The subject violates its claims"
        verb = "violates its" if broken == 1 else "violate their"
        return f"{broken:,} of {total:,} subjects {verb} claims"
    if count[Verdict.COUNTED] == total:
        return f"{plural(total, 'subject')} counted, no claim was tried"
    if not any(subject.findings for subject in report.subjects):
        return f"{plural(total, 'subject')} measured"
    if open_:
        verb = "is" if open_ == 1 else "are"
        return f"{open_:,} of {plural(total, 'subject')} {verb} undecided, none violates"
    fine = count[Verdict.CONFORMS] + count[Verdict.VARIANT]
    if tried := fine if count[Verdict.COUNTED] else 0:
        return f"{tried:,} of {total:,} subjects conform; the others were only counted"
    return "The subject conforms" if total == 1 else f"All {total:,} subjects conform"


def shares(report: Report) -> list[VerdictShare]:
    """Return the verdicts, worst first, with how many subjects have each."""
    count = Counter(subject.verdict for subject in report.subjects)
    broken, open_, fine = (
        count[verdict] for verdict in (Verdict.VIOLATES, Verdict.UNDECIDED, Verdict.CONFORMS)
    )
    changed = count[Verdict.VARIANT]
    variants = [VerdictShare("variant", "✓", changed, "variant" if changed == 1 else "variants")]
    bare = count[Verdict.COUNTED]
    alone = [VerdictShare("counted", "#", bare, "counted alone")] if bare else []
    return [
        VerdictShare("violates", "✗", broken, "violates" if broken == 1 else "violate"),
        VerdictShare("undecided", "?", open_, "undecided"),
        *(variants if changed else []),
        VerdictShare("conforms", "✓", fine, "conforms" if fine == 1 else "conform"),
        *alone,
    ]


def made_with(report: Report) -> list[str]:
    """Return the environment's main facts for the line below the headline."""
    found = [(key, str(report.environment.get(key, ""))) for key in _SHOWN_IN_TITLE]
    return [f"{key} {value}" if value[0].isdigit() else value for key, value in found if value]


def offers(views: Sequence[View]) -> list[Offer]:
    """Return what each counted subject of known reach costs, for the figure that compares them."""
    found = []
    for view in views:
        subject = view.subject
        counts = subject.counts or Counts()
        seen, macs = reach_share(subject), counts.macs
        dims = {**subject.dims, **(known(counts.dims) or {})}
        if seen is None or not isinstance(macs, int | float) or not dims:
            continue
        elements = [dims[name] for name in ("B", "C", "H", "W", "N") if dims.get(name)]
        case = " ".join(f"{name}={size}" for name, size in dims.items() if name in "BCHWN")
        name = f"{subject.spec} · {subject.subject}"
        if subject.subject == "reference":
            name = subject.spec
        cost = float(math.prod(elements))
        found.append(Offer(name, subject.verdict.value, seen, float(macs), cost, case))
    return found


def reach_share(subject: SubjectReport) -> float | None:
    """Return the share of the positions that one output position sees in one pass, if known."""
    for finding in subject.findings:
        evidence = held_map(finding) or finding.evidence
        if evidence.get("what") != "positions":
            continue
        found = reach_map(evidence)
        if evidence.get("passes") == 1 and found is not None:
            return found.seen_count / (len(found.seen) * len(found.seen[0]))
    return None
