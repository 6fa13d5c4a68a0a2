"""What a diff shows: what is worse first, then attention, wiring, keys, costs, outputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from attncheck.data.changes import (
    Attention,
    AttentionChange,
    Break,
    Changes,
    CostChange,
    PartChange,
    StateChange,
    VersionSide,
)
from attncheck.data.page import Page, Section, Table
from attncheck.data.scan import KNOWN
from attncheck.formats.shared.paths import shown
from attncheck.formats.shared.units import plain, share, size
from attncheck.formats.shared.wording import plural

_NUMBER = re.compile(r"(?<![^. ])\d+(?![^. ])")
_MOST = 12
"""Rows of a table on the screen; JSON has all."""


def page_of(found: Changes) -> Page:
    """Return the page of a diff."""
    return Page(f"{found.before.place} → {found.after.place}", [*_sections(found)])


def _sections(found: Changes) -> Iterator[Section]:
    yield Section(paragraphs=[*_about(found)])
    if found.worse:
        yield Section("Worse", list(found.worse))
    if found.attention:
        yield _attention(found.attention)
    for name, side in (("after", found.after), ("before", found.before)):
        if breaks := found.broken.get(name):
            yield _wiring(side, breaks)
    if found.state is not None:
        yield _state(found.state, found.parts)
    if found.costs:
        yield _costs(found)
    if found.outputs:
        told = [(one.place, f"{one.before or '–'}\0{one.after or '–'}") for one in found.outputs]
        rows = [[place, *what.split("\0")] for place, what in _alike(told)]
        yield Section("Shapes that are others", table=_cut(rows, ["", "before", "after"]))


def _about(found: Changes) -> Iterator[str]:
    for name, side in (("before", found.before), ("after", found.after)):
        if side.commit:
            yield f"{side.place} is commit {side.commit[:12]}"
        if side.problem and name not in found.broken:
            yield f"{side.place} {side.problem}"
    inputs = [", ".join(side.inputs) for side in (found.before, found.after)]
    if inputs[0] == inputs[1] and inputs[0]:
        yield f"called with {inputs[0]}"
    elif all(inputs):
        yield f"called with {inputs[0]}, and the later one with {inputs[1]}"
    if found.unpriced:
        yield f"no price is known for {', '.join(found.unpriced)}: MACs leave them out"
    if found.partial:
        yield "interrupted: not every claim was tried"
    if not (found.attention or found.before.problem or found.after.problem):
        yield "neither holds an attention"
    if not (found.worse or found.before.problem or found.after.problem):
        yield "nothing is worse"


def _attention(changes: Sequence[AttentionChange]) -> Section:
    rows, same = [], 0
    for one in changes:
        if one.kind == "same":
            same += len(one.places)
            continue
        known = one.after or one.before
        assert known is not None
        places = one.places[0] + (f" ×{len(one.places)}" if one.places[1:] else "")
        rows.append([one.kind, known.name, places, _said(one)])
    told = [f"{same} the same"] if same else []
    return Section("Attention", told, _cut(rows, []))


def _said(one: AttentionChange) -> str:
    """Return what an attention is, or what it was and is."""
    if one.before is None or one.after is None:
        known = one.after or one.before
        assert known is not None
        return _state_of(known)
    if one.kind == "moved":
        return f"was {one.before.place}"
    was, now = _state_of(one.before), _state_of(one.after)
    said = f"{was} → {now}" if was != now else now
    made = [what for what in one.what if what in ("source", "numbers", "shapes")]
    if one.before.name != one.after.name:
        said = f"was {one.before.name}: {said}"
        made = []
    if made:
        said += f"; other {', '.join(made)}"
    for unit, count in one.after.counts.items():
        if (old := one.before.counts.get(unit, count)) != count:
            said += f"; {count - old:+,} {'MACs' if unit == 'macs' else unit}"
    if one.state is not None and one.state.kept < one.state.keys:
        said += f"; keys: {_counted(one.state)}"
    if one.after.said and one.after.verdict not in ("conforms", "variant"):
        said += f"; {one.after.line} {one.after.said}"
    return said


def _counted(state: StateChange) -> str:
    """Return ``4 load, 2 lost``."""
    counts = {
        "load": state.kept,
        "renamed": sum(len(one.keys) for one in state.renamed),
        "of another shape": len(state.reshaped),
        "lost": len(state.lost),
        "new": len(state.new),
    }
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def _state_of(one: Attention) -> str:
    known = ", ".join(filter(None, [one.mechanism, KNOWN.get(one.known, "")]))
    verdict = one.verdict or ("not judged" if one.mechanism else "")
    return ": ".join(filter(None, [known, verdict])) or "no mechanism that we know"


def _wiring(side: VersionSide, breaks: Sequence[Break]) -> Section:
    rows = []
    for one in breaks:
        giver = f", from {one.giver}" if one.giver else ""
        rows.append([one.layer or "the model", one.name, one.what + giver])
        if one.line:
            rows.append(["", shown(one.line), one.written])
        if one.fits:
            rows.append(["", "would fit", one.fits])
    return Section(f"Where {side.place} breaks", table=Table(rows))


def _state(found: StateChange, parts: Sequence[PartChange]) -> Section:
    kept = found.kept_elements / found.elements if found.elements else 1.0
    told = [
        f"{found.kept} of {plural(found.keys, 'key')} of the earlier checkpoint load as they are, "
        f"{share(kept)} of its numbers"
    ]
    if found.renamed:
        more = (found.kept_elements + found.renamed_elements) / (found.elements or 1)
        count = sum(len(one.keys) for one in found.renamed)
        told.append(f"{count} more load under other names: {share(more)} of its numbers then")
    if found.mistaken:
        told.append(
            f"{plural(len(found.mistaken), 'key')} would load into another layer, whose shape is "
            f"the same: {_few([one for one, _ in found.mistaken])}"
        )
    if any(one.key == one.now for one in found.reshaped):
        told.append("load_state_dict raises on keys of another shape, with strict=False too")
    rows = [["renamed", one.pattern, plural(len(one.keys), "key")] for one in found.renamed]
    other = [
        (
            one.key if one.key == one.now else f"{one.key} → {one.now}",
            f"{_shape(one.before)} → {_shape(one.after)}",
        )
        for one in found.reshaped
    ]
    rows += [["another shape", key, what] for key, what in _alike(other)]
    for word, keys in (("lost", found.lost), ("new", found.new)):
        whole = [one.place for one in parts if None in one.parameters]
        names = [(_held_by(key, whole), "") for key in keys]
        rows += [[word, name, ""] for name, _ in _alike(names)]
    return Section("Keys of the state dict", told, _cut(rows, []))


def _held_by(key: str, whole: Sequence[str]) -> str:
    """Return ``layer1.se.*`` for a key of a submodule that is new, or gone, as a whole."""
    return next((f"{place}.*" for place in whole if key.startswith(f"{place}.")), key)


def _alike(told: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return names with what is told of each, those that differ by numbers alone together.

    >>> _alike([("blocks.0.bias", "lost"), ("blocks.1.bias", "lost")])
    [('blocks.N.bias ×2', 'lost')]
    """
    found: dict[tuple[str, str], list[str]] = {}
    for name, what in told:
        found.setdefault((_NUMBER.sub("N", name), what), []).append(name)
    return [
        (f"{general} ×{len(names)}" if names[1:] else names[0], what)
        for (general, what), names in found.items()
    ]


def _costs(found: Changes) -> Section:
    rows = [[one.name, *_amounts(one), _factor(one)] for one in found.costs]
    told = []
    for part in found.parts:
        more = []
        for unit, (one, other) in (("parameters", part.parameters), ("MACs", part.macs)):
            by = (other or 0) - (one or 0)
            more += [f"{by:+,} {unit}"] if by else []
        if more:
            told.append((part.place or "the model", f"{part.name}\0{', '.join(more)}"))
    alike = [(place, *what.split("\0")) for place, what in _alike(told)]
    rows += [[f"  {place}", name, "", what] for place, name, what in alike[:_MOST]]
    return Section("One call", table=Table(rows, ["", "before", "after", ""]))


def _amounts(one: CostChange) -> list[str]:
    shown_as = size if one.name == "peak memory" else plain
    return [shown_as(one.before), shown_as(one.after)]


def _factor(one: CostChange) -> str:
    if not one.before or one.after is None:
        return ""
    return "the same" if one.before == one.after else f"{100 * (one.after / one.before - 1):+.3g} %"


def _shape(sizes: Sequence[int]) -> str:
    return "×".join(map(str, sizes)) or "a number"


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if names[3:] else "")


def _cut(rows: list[list[str]], columns: list[str]) -> Table | None:
    if not rows:
        return None
    if len(rows) > _MOST:
        left = len(rows) - _MOST
        rows = [*rows[:_MOST], ["…", f"{left} more, in --format json", *[""] * (len(rows[0]) - 2)]]
    return Table(rows, columns)
