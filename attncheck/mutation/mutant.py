"""A mutant and the line that tells it from the definition."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from attncheck.mutation.definition import Definition


@dataclass(frozen=True)
class Mutant:
    """The definition after one edit, at one site or at all that read alike.

    Attributes:
        definition: what was edited.
        edit: makes the edited function.
        operator: the operator's name, such as ``softmax axis``.
        mistake: what people do wrong, one sentence.
        rank: how telling the label is; 0 is the most telling.
        line: the line of the first edit in the definition's file.
        before: the source of the edited statements.
        after: what they say after the edit.
    """

    definition: Definition
    edit: Callable[[], ast.FunctionDef]
    operator: str
    mistake: str
    rank: int
    line: int
    before: str
    after: str

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The edited function, compiled when it is first asked for."""
        return self.definition.compile(self.edit())

    @property
    def diff(self) -> list[str]:
        """The edit as lines of a diff."""
        return [f"- {line}" for line in self.before.splitlines()] + [
            f"+ {line}" for line in self.after.splitlines()
        ]
