"""The shape of a spec file: what a TOML table may hold. ``specs/schema.json`` is made from it."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

Formula = Annotated[str, msgspec.Meta(description="arithmetic over dims, e.g. '2*C*(C//r)'")]
Axes = Annotated[str, msgspec.Meta(description="axes of a tensor, e.g. 'B C H W'")]
Dim = int | Formula
Option = bool | int | float | str


class SubjectEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One implementation that the spec lists, audited when no target is given."""

    target: Annotated[str, msgspec.Meta(description="file.py:Class or package.module:Class")]
    arguments: dict[str, Any] = {}
    """Constructor arguments; a string is a formula over dims."""
    dims: dict[str, Dim] = {}
    """Dims that differ from the spec's for this subject."""
    note: str = ""
    claims: dict[str, dict[str, Any]] = {}
    """What its own author claims of it, checked like the spec's claims."""


class ChoiceEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A design change of the reference that is published: who makes it is a variant, no fault."""

    change: Annotated[str, msgspec.Meta(description="in words, e.g. 'a hard sigmoid as gate'")]
    source: str = ""
    """Where it is from: a paper, or code that is widely used."""
    step: str = ""
    """What stands in place of the reference's step that assigns the same name."""
    option: str = ""
    """Or the option of the reference that says so: a name, or ``name == value``. With neither,
    ``change`` is in the words of a departure: ``hard sigmoid in place of sigmoid``."""


class SpecDocument(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One mechanism (or one family contract) as a file says it."""

    id: Annotated[str, msgspec.Meta(pattern="^[a-z][a-z0-9-]*$")]
    title: str
    aliases: list[str] = []
    specialises: list[str] = []
    """Ids of mechanisms of which this one is a case: what equals it may equal them as well."""
    stands_for: str = ""
    """Its name stands for every case of this mechanism as well: multi-head attention is also what
    adds a mask or positions."""
    attends: bool = True
    """Whether it is an attention: of a layer without one, which other networks have as well, the
    name alone says little."""
    paper: str = ""
    summary: str = ""
    """The definition in plain mathematics, shown by ``attncheck explain``."""
    family: str = ""
    """The id of the spec whose calls, dims and claims this one inherits."""
    reference: str = ""
    """The executable definition: ``package.module:name`` or ``file.py:name``."""
    reference_arguments: dict[str, Any] = {}

    calls: dict[str, dict[str, Axes]] = {}
    """Ways to call the module: call name -> input name -> axes."""
    output: Axes = ""
    classes: dict[str, Formula] = {}
    """Inputs that hold whole numbers from 0: input name -> how many, such as labels of pixels."""
    layouts: dict[str, dict[Axes, Axes]] = {}
    """Other orders of axes that people use: layout -> our axes -> theirs."""

    dims: dict[str, Dim] = {}
    """The default case. A later dim may be a formula over earlier ones."""
    domain: dict[str, Formula] = {}
    """Where the mechanism is defined: name -> condition over dims."""
    options: dict[str, list[Option]] = {}
    """What implementations may vary: every combination is the mechanism."""
    choices: list[ChoiceEntry] = []
    """Published design changes, each with its source."""
    names: dict[str, list[str]] = {}
    """More constructor parameter names that mean a dim."""

    claims: dict[str, dict[str, Any]] = {}
    """Claim name -> parameters of its kind; ``kind`` when it is not the name."""
    waives: dict[str, str] = {}
    """Inherited claim -> why the definition itself breaks it; it becomes advice."""
    drops: dict[str, str] = {}
    """Inherited claim -> why it says nothing of this mechanism; it is not checked."""
    untestable: dict[str, str] = {}
    """Invariants of the paper that no probe can test, with the reason."""
    known_faults: list[str] = []
    subjects: dict[str, SubjectEntry] = {}
