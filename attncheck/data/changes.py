"""What became of a model, or of a place of classes, from one version to another."""

from __future__ import annotations

from typing import Literal

import msgspec

SCHEMA = "attncheck.changes/1"

Kind = Literal["added", "gone", "changed", "moved", "same"]
"""Of an attention; ``moved`` is under another name and otherwise the same."""


class VersionSide(msgspec.Struct, omit_defaults=True):
    """One of the two.

    Attributes:
        place: as it was typed.
        commit: of its revision; "" for the files as they are.
        inputs: how a live model was called, as ``--input`` takes it.
        problem: why it could not be called, or be read at all.
    """

    place: str
    commit: str = ""
    inputs: list[str] = []
    problem: str = ""


class Attention(msgspec.Struct, frozen=True, omit_defaults=True):
    """An attention of one side: its class, what it computes, what its audit says.

    Several of which the same is told are one, the first of them.

    Attributes:
        name: the class.
        place: a submodule's dotted name, or the class with its file.
        mechanism, known: the id of a spec, and how that is known.
        verdict: "" where it was not audited.
        said: what is wrong, or why nothing is decided.
        line: ``path:line`` to look at first.
        source, numbers, shapes: digests of what it is made of, "" where that is not known.
        counts: parameters and MACs of a class; a live model's stand with the whole.
    """

    name: str
    place: str = ""
    mechanism: str = ""
    known: str = "unknown"
    verdict: str = ""
    said: str = ""
    line: str = ""
    source: str = ""
    numbers: str = ""
    shapes: str = ""
    counts: dict[str, int | float] = {}


class AttentionChange(msgspec.Struct, omit_defaults=True):
    """What became of one attention, or of several alike.

    Attributes:
        kind: what happened.
        places: where, by the names of the side that has it; of the later one where both do.
        before, after: of each side; None where it is not there.
        what: which of its properties are others now.
        state: its keys, of a class that both sides have; a live model's stand with the whole.
    """

    kind: Kind
    places: list[str]
    before: Attention | None = None
    after: Attention | None = None
    what: list[str] = []
    state: StateChange | None = None


class CostChange(msgspec.Struct, frozen=True):
    """A cost of one call: parameters, MACs, or bytes at the peak; None where it is not known."""

    name: str
    before: int | float | None
    after: int | float | None


class PartChange(msgspec.Struct, frozen=True):
    """A submodule whose own costs are others; None on the side that does not have it."""

    place: str
    name: str
    parameters: tuple[int | None, int | None]
    macs: tuple[int | None, int | None]


class OutputChange(msgspec.Struct, frozen=True):
    """An output, or what a submodule gives: shapes, strides in memory, cells of the input in one.

    Attributes:
        place: ``logits``, ``[0]``, or a submodule's name.
        before, after: in words; "" where there is none.
    """

    place: str
    before: str
    after: str


class Renamed(msgspec.Struct, frozen=True):
    """Keys that only have another name, by one pattern."""

    pattern: str
    keys: list[tuple[str, str]]


class Reshaped(msgspec.Struct, frozen=True):
    """A key whose tensor has another shape; ``now`` is its name in the later version."""

    key: str
    now: str
    before: list[int]
    after: list[int]


class StateChange(msgspec.Struct, omit_defaults=True):
    """The keys of both state dicts, and how much of the earlier checkpoint still loads.

    Attributes:
        keys, elements: of the earlier one.
        kept, kept_elements: load under their own names.
        renamed: load after a change of names; ``renamed_elements`` of them.
        reshaped: are there with another shape: ``load_state_dict`` raises where the names agree.
        lost, new: are in one of both only.
        mistaken: load under their own names, and belong to another layer now.
    """

    keys: int = 0
    elements: int = 0
    kept: int = 0
    kept_elements: int = 0
    renamed: list[Renamed] = []
    renamed_elements: int = 0
    reshaped: list[Reshaped] = []
    lost: list[str] = []
    new: list[str] = []
    mistaken: list[tuple[str, str]] = []


class Break(msgspec.Struct, frozen=True, omit_defaults=True):
    """Where a model's wiring breaks: a layer is not given what it was made for.

    Attributes:
        layer, name: its dotted name and class.
        what: what it was made for and what it gets, or what is raised.
        giver: the submodule whose output it gets.
        line: ``path:line`` of the constructor call that made it, or that raises.
        written: that call.
        fits: the call that would fit; "" where that is not known.
    """

    layer: str
    name: str
    what: str
    giver: str = ""
    line: str = ""
    written: str = ""
    fits: str = ""


class Changes(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What ``attncheck diff`` found: the content of its JSON.

    Attributes:
        worse: what is worse than before, each in a sentence.
        unpriced: operators of either without a price, which the MACs leave out.
        broken: where the wiring of either side breaks, by ``before`` and ``after``.
    """

    schema: str = msgspec.field(default=SCHEMA)
    before: VersionSide
    after: VersionSide
    attention: list[AttentionChange] = []
    costs: list[CostChange] = []
    unpriced: list[str] = []
    parts: list[PartChange] = []
    outputs: list[OutputChange] = []
    state: StateChange | None = None
    broken: dict[str, list[Break]] = {}
    worse: list[str] = []
    partial: bool = False
