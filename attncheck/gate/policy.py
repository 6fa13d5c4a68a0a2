"""What a gate allows: the table ``[tool.attncheck.gate]`` of a ``pyproject.toml``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from attncheck.data.settings import nearest_project, settings
from attncheck.errors import UsageError, did_you_mean

SECTION = "tool.attncheck.gate"
_UNKNOWN = re.compile(r"unknown field `([^`]*)`")

Share = Annotated[float, msgspec.Meta(ge=0, le=10)]
"""Of the baseline's value: 0.05 is 5 %."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The budgets and what counts as the same circumstances; the defaults are the strictest."""

    parameters: Share = 0.0
    """How many more parameters are allowed."""
    macs: Share = 0.0
    """How many more multiply-accumulates, and element-wise operations, are allowed."""
    bytes: Share = 0.0
    """How much more allocated memory is allowed."""
    slower: Annotated[float, msgspec.Meta(gt=0, le=10)] = 0.05
    """How much slower is allowed; below the machine's noise floor it is refused."""
    confidence: Annotated[float, msgspec.Meta(ge=0.9, lt=1)] = 0.99
    """Of all verdicts on latency together: one wrong one in a hundred gates at most."""
    latency: bool = True
    """Whether latency is judged at all."""
    improved: Literal["undecided", "holds"] = "undecided"
    """Answer to less than in the baseline: a wrong baseline looks like an improvement."""
    new: Literal["undecided", "holds"] = "undecided"
    """Answer to what conforms and is not in the baseline: a renamed subject looks new."""
    same: tuple[str, ...] = ("torch", "attncheck", "machine", "python", "numpy", "system")
    """Entries of ``attncheck env`` that must equal the baseline's: of Python and numpy the first
    two numbers, of the system its name. The processor binds times alone, unless it stands here."""

    def loosened(self) -> str:
        """Return what this says other than the defaults, "" where that is nothing."""
        strictest = Policy()
        values = ((field, getattr(self, field)) for field in self.__struct_fields__)
        return ", ".join(
            f"{field} = {msgspec.json.encode(value).decode()}"
            for field, value in values
            if value != getattr(strictest, field)
        )


def read_policy(path: Path | None, folder: Path) -> tuple[Policy, str]:
    """Return the policy and where it stands.

    Args:
        path: the file that the user names; None for the nearest ``pyproject.toml`` at or above
            ``folder`` that has the table, or the defaults where none has.
        folder: where to begin to look.

    Raises:
        UsageError: the file cannot be read, has no such table, or says something unknown.
    """
    if path is not None:
        found = _table(path)
        if found is None:
            raise UsageError(
                f"no table [{SECTION}] here", where=str(path), instead=f"write [{SECTION}]"
            )
        return _decoded(found, path), str(path)
    file = nearest_project(folder)
    found = _table(file) if file else None
    if file is not None and found is not None:
        return _decoded(found, file), str(file)
    return Policy(), "defaults"


def _table(path: Path) -> dict[str, Any] | None:
    """Return the table of a file, None if there is none."""
    table = settings(path).get("gate")
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{SECTION} is no table", where=str(path))
    return table


def _decoded(table: dict[str, Any], path: Path) -> Policy:
    try:
        return msgspec.convert(table, Policy)
    except msgspec.ValidationError as error:
        raise UsageError(
            f"[{SECTION}] {explained(error)}", where=str(path), instead=nearest(error, Policy)
        ) from None


def explained(error: msgspec.ValidationError) -> str:
    """Return what is wrong, in the words of a person who writes TOML."""
    said = str(error).replace("Object contains unknown field", "unknown key")
    said = said.replace("Object missing required field", "missing key")
    return said.replace(" - at `$.", " at `").replace("`", "'")


def nearest(error: msgspec.ValidationError, struct: type[msgspec.Struct]) -> str:
    """Return the nearest spelling of an unknown key, "" where that is not what is wrong."""
    unknown = _UNKNOWN.search(str(error))
    return did_you_mean(unknown[1], struct.__struct_fields__) if unknown else ""
