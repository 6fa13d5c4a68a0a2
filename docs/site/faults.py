"""Modules of which it is known what is wrong with them, by spec: the tests' evidence, as code."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

import yaml

from attncheck.mutation.definition import Definition
from attncheck.mutation.making import mutants_by
from attncheck.mutation.mutant import Mutant
from attncheck.mutation.operators import all_operators
from attncheck.reference.mechanism import Mechanism
from docs.site.markdown import words
from tests.catalogue.evidence import evidence
from tests.reference import faults as earlier
from tests.reference.test_styles import FAULTS

_CORPUS = Path(__file__).parents[2] / "tests" / "corpus"
_LOOKED_AT = 8
"""Mutants of an operator among which the example is chosen."""


@dataclass(frozen=True)
class Fault:
    """One faulty module.

    Attributes:
        spec: the mechanism that it means to be.
        said: what is wrong, in words.
        code: its source.
        claim: the claim that it breaks; "" where the verdict alone is known.
        lines: the lines of ``code`` with the fault, where they are known.
    """

    spec: str
    said: str
    code: str
    claim: str = ""
    lines: tuple[int, ...] = ()


@lru_cache(maxsize=1)
def faults() -> dict[str, list[Fault]]:
    """Return spec -> its faulty modules; the tests audit each of them."""
    found: dict[str, list[Fault]] = {}
    for fault in [*_planted(), *_of_evidence()]:
        found.setdefault(fault.spec, []).append(fault)
    return found


def _of_evidence() -> Iterator[Fault]:
    places = [(m.SPEC, m, name, claim) for m in evidence() for name, claim in m.FAULTS.items()]
    places += [(spec, earlier, name, claim) for spec, name, claim in FAULTS]
    for spec, module, name, claim in places:
        made = getattr(module, name)
        first = (made.__dict__.get("__doc__") or "").strip().split("\n")[0]
        said = f"{words(name)}: {first}" if first else words(name)
        yield Fault(spec, said, textwrap.dedent(inspect.getsource(made)).rstrip(), claim)


def _planted() -> Iterator[Fault]:
    text = (_CORPUS / "faulty.yaml").read_text(encoding="utf-8")
    for entry in yaml.safe_load(text):
        source = (_CORPUS / "faulty" / entry["file"]).read_text(encoding="utf-8")
        first = _first_line(source)
        code = "\n".join(source.splitlines()[first - 1 :])
        lines = tuple(line - first + 1 for line in entry["fault_lines"] if line >= first)
        yield Fault(entry.get("spec", ""), entry["summary"], code, lines=lines)


def _first_line(source: str) -> int:
    """Return the line on which the first class or function begins, its decorators included."""
    kinds = (ast.ClassDef, ast.FunctionDef)
    first = next(node for node in ast.parse(source).body if isinstance(node, kinds))
    return min([first.lineno, *(d.lineno for d in first.decorator_list)])


def mistakes(mechanism: Mechanism) -> list[Mutant]:
    """Return one mutant of the definition for each operator that changes it, most telling first."""
    definition = Definition(mechanism)
    found: list[Mutant] = []
    for operator in sorted(all_operators(), key=lambda one: one.rank):
        made = (m for m in mutants_by(definition, operator) if m.before != m.after)
        first = list(islice(made, _LOOKED_AT))
        # A size that is read is a poor example of a value that is computed.
        found += sorted(first, key=lambda mutant: ".shape" in mutant.before)[:1]
    return found
