"""Where the layers and attributes that a line uses were made."""

from __future__ import annotations

import ast

from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.places import Blame, at_statement
from attncheck.source.reading import made_at, made_by, sources_of
from attncheck.source.remarks import zero_initialisation
from attncheck.source.statements import Statement, bound_before, function_around, statement_at
from attncheck.source.tracing import Step
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial


def made_for(step: Step) -> list[Location]:
    """Return where the attributes of ``self`` that a step's line reads were made."""
    return makers(step.owner, step.statement)


def makers(owner: type | None, statement: Statement | None) -> list[Location]:
    """Return where the attributes that a statement of this class reads were made."""
    if owner is None or statement is None:
        return []
    found = [(a, made_at(owner, a)) for a in statement.attributes]
    return [
        Location(place.path, place.line, place.end_line, f"`self.{attribute}` is made here")
        for attribute, place in found
        if place is not None and place.line != statement.line
    ]


def owner_of_line(factory: object, module: torch.nn.Module | None, place: Location) -> type | None:
    """Return the class among the module's own whose source holds a line."""
    kinds = {type(m) for m in module.modules()} if module is not None else set()
    if isinstance(factory, type):
        kinds.add(factory)
    for kind in kinds:
        for source in sources_of(kind):
            first, last = getattr(source.node, "lineno", 0), getattr(source.node, "end_lineno", 0)
            if source.path == place.path and first <= place.line <= last:
                return kind
    return None


def of_the_line(trial: Trial, outcome: Outcome) -> Blame | None:
    """Given a line (where something was raised): what made the layers and names that it uses."""
    place = outcome.location
    statement = statement_at(place.path, place.line) if place else None
    if place is None or statement is None:
        return None
    owner = owner_of_line(trial.subject.factory, None, place)
    if owner is None:
        try:
            owner = owner_of_line(trial.subject.factory, trial.module(), place)
        except Exception:
            owner = None
    into = _written_into(statement, place.path)
    operands = [
        at_statement(place.path, s, f"`{name}` comes from here")
        for name, s in bound_before(place.path, statement)
        if s.line != statement.line
    ]
    made = makers(owner, statement)
    related = [*into, *(made[:3] if operands else made), *([] if into else operands)]
    return Blame(None, related)


def _written_into(statement: Statement, path: str) -> list[Location]:
    """Return where the tensors that a statement writes into by index were bound."""
    names = {
        n.id
        for part in statement.parts
        if isinstance(part, ast.Subscript) and isinstance(part.ctx, ast.Store)
        for n in ast.walk(part.value)
        if isinstance(n, ast.Name)
    }
    scope = function_around(path, statement.line)
    if not names or scope is None:
        return []
    found: list[Location] = []
    for line in range(scope.lineno + 1, statement.line):
        before = statement_at(path, line)
        if before and before.line == line and before.writes & names:
            name = sorted(before.writes & names)[0]
            found.append(Location(path, line, note=f"`{name}` is bound here"))
    return found


def zero_start(trial: Trial, outcome: Outcome) -> Blame | None:
    """Parameters that start at zero or never take a gradient: where that is written."""
    module = trial.module(initial=True)
    places: list[Location] = []
    for name, parameter in module.named_parameters():
        note = f"`{name}` is made here and takes no gradient"
        if not parameter.requires_grad and (place := made_by(module, name, note)):
            places.append(place)
    for kind in dict.fromkeys(type(m) for m in module.modules()):
        for source in sources_of(kind):
            for s in source.statements:
                if zero_initialisation(s):
                    note = "what is made here starts at zero"
                    places.append(Location(source.path, s.line, note=note))
    if not places:
        return None
    return Blame(places[0], places[1:])


def built(trial: Trial, outcome: Outcome) -> Blame | None:
    """The lines that make the layers with most parameters."""
    module = trial.module()
    sizes: dict[tuple[str, int], tuple[int, Location]] = {}
    for name, parameter in module.named_parameters():
        place = made_by(module, name)
        if place is not None:
            key = (place.path, place.line)
            before = sizes[key][0] if key in sizes else 0
            sizes[key] = (before + parameter.numel(), place)
    if not sizes:
        return None
    ranked = sorted(sizes.values(), key=lambda item: -item[0])
    places = [
        Location(p.path, p.line, p.end_line, f"{count:,} parameters are made here")
        for count, p in ranked
    ]
    return Blame(places[0], places[1:])
