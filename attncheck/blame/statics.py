"""Places that only the source shows; they serve where no run tells more."""

from __future__ import annotations

import ast
from collections.abc import Callable

from attncheck.blame.shapes import using_rebound
from attncheck.data.report import Location
from attncheck.source.operations import operand_twice, pools
from attncheck.source.paired import inputs_with_masks, traced
from attncheck.source.places import Blame, at_statement, at_step, words
from attncheck.source.reading import forward_location, source_of, sources_of, written
from attncheck.source.remarks import dropout_always_on, layer_made, literals, softmax_without_dim
from attncheck.source.statements import Statement, statements_of
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial

Rule = Callable[[Statement], object]


def _all(trial: Trial, rule: Rule, note: str) -> list[Location]:
    module = trial.module()
    return [
        at_statement(source.path, s, note)
        for kind in dict.fromkeys(type(m) for m in module.modules())
        for source in sources_of(kind)
        for s in source.statements
        if rule(s)
    ]


def implicit_softmax(trial: Trial, outcome: Outcome) -> Blame | None:
    """A softmax without ``dim``, wherever it is made or called."""
    return _blame(_all(trial, softmax_without_dim, "no `dim`: torch picks the axis by itself"))


def dropout(trial: Trial, outcome: Outcome) -> Blame | None:
    """A dropout that ignores eval mode."""
    return _blame(_all(trial, dropout_always_on, "this dropout ignores eval mode"))


def typed_sizes(trial: Trial, outcome: Outcome) -> Blame | None:
    """Sizes that someone typed into a layer."""
    rule = lambda s: layer_made(s) and literals(s)  # noqa: E731
    return _blame(_all(trial, rule, "a size is written down here"))


def layer_in_forward(trial: Trial, outcome: Outcome) -> Blame | None:
    """A layer made in ``forward``: new weights at every call."""
    module = trial.module()
    found: list[Location] = []
    for kind in dict.fromkeys(type(m) for m in module.modules()):
        for source in sources_of(kind):
            method = source.method("forward")
            for s in statements_of(method, source.path) if method else ():
                if any(_is_layer(n) for n in s.parts):
                    found.append(at_statement(source.path, s, "a layer is made at every call"))
    return _blame(found)


def _is_layer(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "nn"
        and node.func.attr[:1].isupper()
    )


def repeated(trial: Trial, outcome: Outcome) -> Blame | None:
    """An operand that meets itself (``a + a``), beside a value that is made and never read."""
    steps = traced(trial, trial.module(), inputs_with_masks(trial)).steps
    for step in steps:
        statement = step.statement
        name = operand_twice(statement) if statement else ""
        if name:
            said = using_rebound(step)
            return said or Blame(at_step(step, f"`{name}` meets itself here"), unread(trial))
    return None


def unread(trial: Trial) -> list[Location]:
    """Return the lines of ``forward`` that bind names which nothing reads."""
    found = source_of(trial.subject)
    source = written(getattr(found, "forward", found))
    if source is None:
        return []
    body = source.statements
    read = {name for s in body for name in s.reads}
    return [
        at_statement(source.path, s, f"{words(sorted(s.writes - read))} is never read")
        for s in body
        if s.writes
        and s.writes - read
        and not (s.writes & read)
        and not all(name.startswith("_") for name in s.writes)
    ]


def reducing(trial: Trial, outcome: Outcome) -> Blame | None:
    """The lines on which the input is pooled."""
    steps = traced(trial, trial.module(), inputs_with_masks(trial)).steps
    seen: dict[tuple[str, int], Location] = {}
    for step in steps:
        if step.statement and pools(step.statement):
            seen.setdefault(step.at, at_step(step, "a statistic of the input is taken here"))
    return _blame(list(seen.values()))


def definition(trial: Trial, outcome: Outcome) -> Blame | None:
    """``def forward``."""
    return Blame(forward_location(trial.subject))


def _blame(found: list[Location]) -> Blame | None:
    return Blame(found[0], found[1:]) if found else None
