"""Scans of several reports as one: every place, every group once, pointing at the merged audits."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from attncheck.data.scan import Group, LiveModel, Scan, Unread


def merged_scan(scans: Sequence[tuple[Scan, Sequence[int]]]) -> Scan:
    """Return scans as one.

    A group that two of them hold is one, with the audit that it has in any. Files are counted
    once where the same places were looked through.

    Args:
        scans: each with the places that its subjects have in the merged report.
    """
    looked: dict[tuple[str, ...], Scan] = {}
    groups: dict[tuple[str, str], Group] = {}
    models: dict[str, LiveModel] = {}
    unread: dict[str, Unread] = {}
    for scan, subjects in scans:
        known = looked.setdefault(tuple(sorted(scan.places)), scan)
        if scan.files > known.files:
            looked[tuple(sorted(scan.places))] = scan
        for group in scan.groups:
            one = msgspec.structs.replace(group, subject=_moved(group.subject, subjects))
            key = (one.target, one.name)
            groups[key] = _joined(groups[key], one) if key in groups else one
        for model in scan.models:
            models.setdefault(model.target, model)
        unread |= {one.place: one for one in scan.unread}
    return Scan(
        list(dict.fromkeys(place for scan, _ in scans for place in scan.places)),
        list(groups.values()),
        files=sum(scan.files for scan in looked.values()),
        classes=sum(scan.classes for scan in looked.values()),
        models=list(models.values()),
        unread=[one for place, one in unread.items() if place not in models],
    )


def _moved(subject: int, subjects: Sequence[int]) -> int:
    return subjects[subject] if 0 <= subject < len(subjects) else -1


def _joined(first: Group, second: Group) -> Group:
    """Return one group of two: what was audited tells more, and of two the first."""
    told = second if first.subject < 0 <= second.subject else first
    places = dict.fromkeys([*first.places, *second.places])
    return msgspec.structs.replace(told, places=list(places))
