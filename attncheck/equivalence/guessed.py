"""What may be our guess of a number: a window that no argument of a module names."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.comparison import Probe
from attncheck.equivalence.freedoms import guessed
from attncheck.equivalence.steps import Stepwise
from attncheck.mutation.definition import Definition, assigned

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


def guess_in(mechanism: Mechanism, assignment: Assignment, probe: Probe, text: str) -> str:
    """Return the number that nothing states and that a line of the definition uses, or "".

    It uses what is made of the number up to the first value of a call: a mask made of a window is
    the window's, weights under the mask are not.
    """
    try:
        read = _read(ast.parse(text.strip()))
    except SyntaxError:
        return ""  # words, no line
    module = probe.module()
    run = Stepwise(mechanism, assignment, probe, module).run({})
    values = {step.name for step in run.steps.values()} if run else set()
    for name in guessed(mechanism, probe.trial.subject, module):
        if read & _made_of(mechanism, name, values):
            return name
    return ""


def _made_of(mechanism: Mechanism, option: str, values: set[str]) -> set[str]:
    """Return the names of what is made of an option, without values of a call."""
    found = {f"o.{option}"}
    for statement in Definition(mechanism).statements():
        value = getattr(statement, "value", None)
        if value is not None and _read(value) & found:
            found |= {name for name in assigned(statement) if name not in values}
    return found


def _read(tree: ast.AST) -> set[str]:
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    options = {
        f"o.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) == "o"
    }
    return names | options
