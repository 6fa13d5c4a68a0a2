"""Which subject of a report is which of the baseline."""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator

from attncheck.data.report import Report, SubjectReport

Pair = tuple[str, SubjectReport | None, SubjectReport | None]
"""Name, the baseline's subject, the report's subject; one of them may be missing."""


def pairs(baseline: Report, report: Report) -> Iterator[Pair]:
    """Yield every subject of both, the baseline's order first."""
    old, new = _groups(baseline), _groups(report)
    for key in [*old, *(key for key in new if key not in old)]:
        yield from _matched(key, old.get(key, []), new.get(key, []))


def _groups(report: Report) -> dict[str, list[SubjectReport]]:
    found: dict[str, list[SubjectReport]] = defaultdict(list)
    for subject in report.subjects:
        found[f"{subject.spec}@{subject.subject}"].append(subject)
    return dict(found)


def _matched(key: str, old: list[SubjectReport], new: list[SubjectReport]) -> Iterator[Pair]:
    """Match subjects of one name: alone by the name, several by target and dims."""
    if len(old) <= 1 and len(new) <= 1:
        yield key, old[0] if old else None, new[0] if new else None
        return
    rest = list(new)
    for before in old:
        alike = [s for s in rest if same_target(before.target, s.target) and s.dims == before.dims]
        if alike:
            rest.remove(alike[0])
        yield _full_name(key, before), before, alike[0] if alike else None
    for now in rest:
        yield _full_name(key, now), None, now


def _full_name(key: str, subject: SubjectReport) -> str:
    sizes = ", ".join(f"{name}={size}" for name, size in subject.dims.items())
    return f"{key} ({subject.target}; {sizes})"


def same_target(one: str, other: str) -> bool:
    """Say whether two targets are the same class of the same file.

    Files are relative to the project's folder, as reports write them: one that lies deeper is
    another file.
    """
    return _target(one) == _target(other)


def _target(target: str) -> tuple[str, str]:
    """Return the file, of ``models/./se.py`` as of the module ``models.se``, and the name."""
    place, _, name = target.rpartition(":")
    if place.endswith(".py"):
        return posixpath.normpath(place.replace("\\", "/")), name
    return f"{place.replace('.', '/')}.py", name


def new_name(missing: SubjectReport, report: Report, known: set[str]) -> str:
    """Return the subject that a missing one may have become, "" where none looks like it."""
    candidates = {
        f"{s.spec}@{s.subject}": s for s in report.subjects if f"{s.spec}@{s.subject}" not in known
    }
    for name, subject in candidates.items():
        if same_target(missing.target, subject.target):
            return name
    import difflib

    near = difflib.get_close_matches(f"{missing.spec}@{missing.subject}", candidates, n=1)
    return near[0] if near else ""
