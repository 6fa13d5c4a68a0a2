"""What is measured: the classes of ``modules/`` and their operators, from ``operators.toml``."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
MODULES = HERE / "modules"


@dataclass(frozen=True)
class Operator:
    """One operator of table 18: what it does, and what a right diagnosis of it says."""

    what: str
    category: list[str]
    shows: str
    cause: list[str]
    want: str = "violates"


@dataclass(frozen=True)
class Host:
    """One mechanism as a module: how its classes are built and called."""

    file: str
    base: str
    spec: str
    build: dict[str, int]
    mask: dict[str, Any] = field(default_factory=dict)
    cache: dict[str, str] = field(default_factory=dict)
    memory: bool = False


@dataclass(frozen=True)
class Case:
    """One class: what is wrong with it, or that it equals its host's base.

    ``want``: ``violates``; ``conforms``; ``start``, right but badly initialised; ``limit``, a fault
    or something to know; ``told``, a number of its own that must be named. ``shows``: where its
    numbers leave the base's.
    """

    host: Host
    file: str
    name: str
    spec: str
    id: str
    want: str
    shows: str

    @property
    def target(self) -> str:
        """Return what is audited."""
        return f"{MODULES / self.file}:{self.name}"


def _read() -> tuple[dict[str, Operator], list[Case]]:
    raw = tomllib.loads((HERE / "operators.toml").read_text(encoding="utf-8"))
    operators = {name: Operator(**fields) for name, fields in raw["operators"].items()}
    cases = []
    for entry in raw["hosts"]:
        faults, equals = entry.pop("faults"), entry.pop("equals")
        rewrites = entry.pop("rewrites", entry["file"])
        host = Host(**entry)
        for file in dict.fromkeys((host.file, rewrites)):
            cases.append(Case(host, file, host.base, host.spec, "", "conforms", "nothing"))
        for one in faults:
            known = operators[one["id"]]
            want, shows = one.get("want", known.want), one.get("shows", known.shows)
            spec = one.get("spec", host.spec)
            cases.append(Case(host, host.file, one["class"], spec, one["id"], want, shows))
        for one in equals:
            spec, name = one.get("spec", host.spec), one["class"]
            cases.append(Case(host, rewrites, name, spec, one.get("id", ""), "conforms", "nothing"))
    return operators, cases


OPERATORS, CASES = _read()
