"""What a scan found: every attention of a place, which it is, and what became of its audit."""

from __future__ import annotations

import msgspec

_LINES = 10_000_000

KNOWN = {
    "proven": "proven",
    "variant": "variant",
    "departs": "departs",
    "named": "by name",
    "stated": "as asked",
    "unknown": "",
}
"""How a mechanism is known, in words."""


class Group(msgspec.Struct, omit_defaults=True):
    """One attention: a class, or the submodules of a live model that are alike.

    Attributes:
        name: the class.
        target: what to type to audit it.
        path, line: where the class stands.
        kind: what its operators are, ``attention`` or ``gate``; "" where its name alone speaks.
        places: the submodules of a live model, by their dotted names.
        mechanism: the id of a spec; "" where none is known.
        known: how that is known, one of :data:`KNOWN`.
        named: the mechanism that its name says, where it computes another one.
        also: what else it equals.
        said: what there is to say of its identity.
        subject: its place among the report's subjects; -1 where it was not audited.
        refused: why nothing was decided, in one line.
    """

    name: str
    target: str
    path: str = ""
    line: int = 0
    kind: str = ""
    places: list[str] = []
    mechanism: str = ""
    known: str = "unknown"
    named: str = ""
    also: list[str] = []
    said: str = ""
    subject: int = -1
    refused: str = ""


class LiveModel(msgspec.Struct, omit_defaults=True):
    """A live model that was watched while it was called once.

    Attributes:
        target: the whole model's.
        inputs: how it was called, as ``--input`` takes it.
        tree: its submodules, dotted name and class, in order.
    """

    target: str
    inputs: list[str] = []
    tree: list[tuple[str, str]] = []


class Unread(msgspec.Struct, frozen=True):
    """A file, or a model, of which nothing is known, and why."""

    place: str
    what: str


class Scan(msgspec.Struct, omit_defaults=True):
    """What was looked through, and each attention in it."""

    places: list[str]
    groups: list[Group]
    files: int = 0
    classes: int = 0
    models: list[LiveModel] = []
    unread: list[Unread] = []


def check_scan(scan: Scan, subjects: int) -> None:
    """Complain about what the types of a scan alone do not forbid.

    Args:
        scan: the scan.
        subjects: how many the report has.

    Raises:
        msgspec.ValidationError: a line that no file has, or a subject that the report has not.
    """
    for number, group in enumerate(scan.groups):
        if not 0 <= group.line < _LINES:
            raise msgspec.ValidationError(
                f"'{group.line}' is no line of a file - in $.scan.groups[{number}]"
            )
        if not -1 <= group.subject < subjects:
            raise msgspec.ValidationError(
                f"there is no subject {group.subject} - in $.scan.groups[{number}]"
            )
