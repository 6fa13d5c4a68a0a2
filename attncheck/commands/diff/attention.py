"""What became of each attention: added, gone, changed, under another name, or the same."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping

import msgspec

from attncheck.commands.diff.measure import Made
from attncheck.data.changes import Attention, AttentionChange, Kind
from attncheck.data.counts import known
from attncheck.data.report import Report, Verdict
from attncheck.data.scan import Group, Scan
from attncheck.formats.shared.scans import rows
from attncheck.source.digest import class_digest

_ORDER = ("changed", "gone", "added", "moved", "same")
_BADNESS = {Verdict.CONFORMS: 0, Verdict.VARIANT: 0, Verdict.VIOLATES: 2}
_LENGTH = 12
_LINE = re.compile(r"\blines? \d+( to \d+)?")
"""What changes in a sentence where only something above changed."""


def attentions(report: Report, scan: Scan, place: str, made: Made) -> dict[str, Attention]:
    """Return the attentions of one side by their places in it.

    Args:
        report: what its scan found.
        scan: the same report's.
        place: where was looked; files are named relative to it.
        made: what each submodule of a live model is made of.
    """
    told = {row.target: row for row in rows(report, scan)}
    found: dict[str, Attention] = {}
    for group in scan.groups:
        row, subject = told[group.target], None
        if 0 <= group.subject < len(report.subjects):
            subject = report.subjects[group.subject]
        counts = subject.counts if subject is not None and not group.places else None
        costs = {} if counts is None else {"parameters": counts.parameters, "macs": counts.macs}
        for one in group.places or [target_in(group.target, place)]:
            found[one] = Attention(
                name=group.name,
                place=one,
                mechanism=group.mechanism,
                known=group.known,
                verdict=subject.verdict.value if subject else "",
                said=row.said,
                line=row.place,
                counts={n: v for n, value in costs.items() if (v := known(value)) is not None},
                **_digests(group, one, made),
            )
    return found


def changes_of(
    before: Mapping[str, Attention],
    after: Mapping[str, Attention],
    now: Callable[[str], str],
) -> list[AttentionChange]:
    """Return what became of each attention, those that are alike together, the news first.

    Args:
        before, after: of both sides, by their places.
        now: the name in the later version of what has this one in the earlier.
    """
    pairs = {place: now(place) for place in before if now(place) in after}
    rest = {place: one for place, one in after.items() if place not in pairs.values()}
    for place, one in before.items():
        other = next((key for key, its in rest.items() if its.name == one.name), None)
        if place not in pairs and other is not None and ":" in other:  # in another file
            pairs[place] = other
            del rest[other]
    found = [_change(before[old], after[new]) for old, new in pairs.items()]
    found += [
        AttentionChange("gone", [place], before=one)
        for place, one in before.items()
        if place not in pairs
    ]
    found += [AttentionChange("added", [place], after=one) for place, one in rest.items()]
    return sorted(_together(found), key=lambda one: _ORDER.index(one.kind))


def worse(changes: Iterable[AttentionChange], *, strict: bool = False) -> Iterator[str]:
    """Yield what is worse than before, each in a sentence.

    Args:
        changes: what became of each attention.
        strict: whether a variant is worse than what conforms.
    """
    for one in changes:
        where = one.places[0] + (f" and {len(one.places) - 1} more" if one.places[1:] else "")
        old, new = one.before, one.after
        if new is None:
            yield f"{old.name if old else 'an attention'} is gone: {where}"
        elif old is None:
            if new.verdict == Verdict.VIOLATES:
                yield f"{new.name} is new, and violates {new.mechanism}: {where}"
        elif _badness(new, strict=strict) > _badness(old, strict=strict):
            yield f"{new.name} {_WAS[old.verdict]}, and {_IS[new.verdict]}: {where}"


_WAS = {
    "conforms": "conformed",
    "variant": "was a variant",
    "undecided": "was undecided",
    "violates": "violated",
    "": "was not judged",
}
_IS = {
    "conforms": "conforms now",
    "variant": "is a variant now",
    "undecided": "is undecided now",
    "violates": "violates now",
    "": "is not judged any more",
}


def _word(one: Attention) -> str:
    return one.verdict or "not judged"


def _badness(one: Attention, *, strict: bool) -> float:
    if strict and one.verdict == Verdict.VARIANT:
        return 0.5
    return _BADNESS.get(Verdict(one.verdict), 1) if one.verdict else 1


def _change(old: Attention, new: Attention) -> AttentionChange:
    said = {
        "class": (old.name, new.name),
        "mechanism": (old.mechanism, new.mechanism),
        "verdict": (_word(old), _word(new)),
        "how it is known": (old.known, new.known),
        "source": (old.source, new.source),
        "numbers": (old.numbers, new.numbers),
        "shapes": (old.shapes, new.shapes),
        "what is wrong": (_LINE.sub("", old.said), _LINE.sub("", new.said)),
    }
    what = [name for name, (one, other) in said.items() if one != other]
    kind: Kind = "changed" if what else "same" if old.place == new.place else "moved"
    return AttentionChange(kind, [new.place], old, new, what)


def _together(changes: Iterable[AttentionChange]) -> list[AttentionChange]:
    """Return changes of which the same is told as one."""
    found: dict[bytes, AttentionChange] = {}
    for one in changes:
        key = msgspec.json.encode((one.kind, one.what, _anywhere(one.before), _anywhere(one.after)))
        if key in found:
            found[key].places += one.places
        else:
            found[key] = one
    return list(found.values())


def _anywhere(one: Attention | None) -> Attention | None:
    """Return what is told of an attention, wherever it is and whatever its sizes are."""
    if one is None:
        return None
    return msgspec.structs.replace(one, place="", source="", numbers="", shapes="")


def target_in(target: str, place: str) -> str:
    """Return ``se.py:SE`` for a class below a folder or package, and ``SE`` for one of a file."""
    path, _, name = target.rpartition(":")
    place = place.rstrip("/")
    if place in (path, target):
        return name
    return f"{path.removeprefix(place).lstrip('/.')}:{name}"


def _digests(group: Group, place: str, made: Made) -> dict[str, str]:
    if not group.places:
        # Whole, for what is remembered of a path is another version's.
        return {"source": class_digest(os.path.realpath(group.path), group.name)}
    below = {n[len(place) :]: m for n, m in made.items() if f"{n}.".startswith(f"{place}.")}
    told = zip(*((n, *m) for n, m in sorted(below.items())), strict=True)
    _, _, sources, numbers, shapes = [*told] if below else [()] * 5
    return {
        "source": _digest(sorted(set(sources))),
        "numbers": _digest(numbers),
        "shapes": _digest(shapes),
    }


def _digest(told: Iterable[str]) -> str:
    return hashlib.sha256("\0".join(told).encode("utf-8", "replace")).hexdigest()[:_LENGTH]
