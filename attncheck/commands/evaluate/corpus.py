"""Read a corpus: modules with a known fault, the same repaired, and correct ones."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from attncheck.data.text_file import read_bytes
from attncheck.errors import UsageError

_MOST_BYTES = 2**24
ROLES = ("faulty", "repaired", "good", "package")


class CorpusEntry(msgspec.Struct, kw_only=True):
    """One module of a corpus, as its YAML file describes it.

    Attributes:
        id: its name; a repaired module has that of its faulty twin.
        file, class_: the class, in the folder that is named after the YAML file.
        target: ``package.module:Class`` instead, for a class of an installed package.
        spec: the spec to audit against; without one that we have, the family's contract.
        mechanism: what it is grouped under.
        init: constructor arguments.
        inputs: the positional call at which it is meant to work: a shape, or a mask as
            ``{shape, kind}``.
        fault_class: what kind of mistake was made; "" for a correct module.
        fault_lines: where.
        named_by: claim kinds and operators that name this fault, where the class says too little.
        verdict: of a package: ``ok``, ``limitation`` or ``faulty``.
    """

    id: str
    file: str = ""
    class_: str = msgspec.field(default="", name="class")
    target: str = ""
    package: str = ""
    spec: str = ""
    mechanism: str = ""
    family: str = ""
    init: dict[str, Any] | None = None
    tuple_args: list[str] | None = None
    call: Any = None
    inputs: list[list[int] | dict[str, Any]] | None = None
    fault_class: str = ""
    summary: str = ""
    fault_lines: list[int] = []
    named_by: list[str] = []
    co_faults: list[str] = []
    known_limits: list[str] = []
    contested: str = ""
    note: str = ""
    verdict: str = ""
    faults: list[Any] = []
    role: str = ""
    folder: str = ""

    @property
    def named(self) -> str:
        """Its target, relative to its folder."""
        return self.target or f"{self.file}:{self.class_}"

    @property
    def masks(self) -> dict[int, str]:
        """Return input number -> meaning of the masks among the inputs."""
        kinds = {
            n: i.get("kind", "") for n, i in enumerate(self.inputs or []) if isinstance(i, dict)
        }
        return {number: kind.replace("_", "-") for number, kind in kinds.items() if kind}

    def texts(self) -> list[str]:
        """Return the inputs as ``--input`` takes them."""
        shapes = [i["shape"] if isinstance(i, dict) else i for i in self.inputs or []]
        texts = ["x".join(map(str, shape)) for shape in shapes]
        return [
            f"{text}:{self.masks[number]}" if number in self.masks else text
            for number, text in enumerate(texts)
        ]


def read(paths: Sequence[Path]) -> list[CorpusEntry]:
    """Return the entries of YAML files, or of all those in a folder.

    Raises:
        UsageError: a file is not there, or is no corpus; PyYAML is not installed.
    """
    files = [file for path in paths for file in _files(path)]
    entries = [entry for file in files for entry in _entries(file)]
    faulty = {entry.id for entry in entries if entry.fault_class}
    for entry in entries:
        if not entry.role:
            entry.role = "repaired" if entry.id in faulty else "good"
    return entries


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        found = sorted([*path.glob("*.yaml"), *path.glob("*.yml")])
        if not found:
            raise UsageError("no .yaml file in this folder", where=str(path))
        return found
    if not path.is_file():
        raise UsageError("no such corpus", where=str(path), instead="name a .yaml file or a folder")
    return [path]


def _entries(path: Path) -> Iterator[CorpusEntry]:
    try:
        entries = msgspec.yaml.decode(read_bytes(path, most=_MOST_BYTES), type=list[CorpusEntry])
    except ImportError:
        raise UsageError(
            "reading YAML needs PyYAML, which is not installed",
            where=str(path),
            instead="pip install pyyaml",
        ) from None
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageError(f"is no corpus: {error}", where=str(path)) from None
    beside = path.with_suffix("")
    folder = beside if beside.is_dir() else path.parent
    for entry in entries:
        if not (entry.file and entry.class_) and not re.fullmatch(r"[\w.]+:[\w.]+", entry.target):
            raise UsageError(
                f"'{entry.id}' names neither file and class nor a target", where=str(path)
            )
        entry.folder = str(folder.resolve())
        if entry.target:
            entry.role = "package"
        elif entry.fault_class:
            entry.role = "faulty"
        elif path.stem in ROLES:
            entry.role = path.stem
        yield entry
