"""What is to be recognised: evidence of the catalogue, corpora, and modules that are none."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from attncheck.commands.evaluate.corpus import read
from attncheck.data.literals import parse_literal
from attncheck.spec.shelf import find_path
from tests.catalogue.evidence import evidence
from tests.reference.test_styles import STYLES

TESTS = Path(__file__).parents[1]
PLAIN = Path(__file__).parent / "plain"


@dataclass(frozen=True)
class IdentityCase:
    """A class, how it is built and called where that must be said, and what it computes.

    Attributes:
        group: ``evidence``, ``plain``, or the name of a corpus.
        path, name: the class.
        wants: a spec's id; "" for no mechanism that we know.
        inputs, arguments: as ``--input`` and ``--init`` take them.
    """

    group: str
    path: Path
    name: str
    wants: str
    inputs: Sequence[str] = ()
    arguments: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its name among all."""
        return f"{self.group}/{self.path.stem}:{self.name}"


def cases(corpora: Sequence[Path]) -> list[IdentityCase]:
    """Return all cases; of corpora the correct modules whose spec we have."""
    return [*_evidence(), *_corpora(corpora), *plain()]


def plain() -> Iterator[IdentityCase]:
    """Yield the modules that compute no mechanism of the catalogue."""
    for path in sorted(PLAIN.glob("[a-z]*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = next((ast.literal_eval(s.value) for s in tree.body if _is_calls(s)), {})
        for one in tree.body:
            if isinstance(one, ast.ClassDef):
                said = calls.get(one.name, ())
                given = dict(word.split("=") for word in said if "=" in word)
                yield IdentityCase(
                    "plain",
                    path,
                    one.name,
                    "",
                    [word for word in said if "=" not in word],
                    {name: parse_literal(value) for name, value in given.items()},
                )


def _is_calls(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "CALLS"


def _evidence() -> Iterator[IdentityCase]:
    for one in evidence():
        call = dict(getattr(one, "CALL", {}))
        inputs = call.pop("inputs", ())
        for name in one.STYLES:
            path = Path(str(one.__file__))
            yield IdentityCase("evidence", path, name, one.SPEC, inputs, call)
    for spec, name in STYLES:
        yield IdentityCase("evidence", TESTS / "reference" / "styles.py", name, spec)


def _corpora(folders: Sequence[Path]) -> Iterator[IdentityCase]:
    for folder in folders:
        for entry in read([folder]):
            known = bool(entry.spec) and find_path(entry.spec) is not None
            if entry.role == "good" and entry.file and known and entry.call is None:
                group = re.sub(r"\W", "", folder.resolve().parent.name)
                path = Path(entry.folder) / entry.file
                given = entry.init or {}
                yield IdentityCase(group, path, entry.class_, entry.spec, entry.texts(), given)
