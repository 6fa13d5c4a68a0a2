"""Gradients that stop: the first line whose result depends on data but not for autograd."""

from __future__ import annotations

from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.paired import differs, inputs_with_masks, traced
from attncheck.source.places import Blame, at_statement, at_step
from attncheck.source.remarks import cut, no_grad
from attncheck.source.statements import Statement
from attncheck.source.tracing import RETURNED, Step
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial


def gradient_cut(trial: Trial, outcome: Outcome) -> Blame | None:
    """Follow ``requires_grad`` along the lines; where it is lost on changing values is the cut."""
    module = trial.module()
    for parameter in module.parameters():
        parameter.requires_grad_(True)

    def drawn(seed: int) -> dict[str, torch.Tensor]:
        return {
            n: t.requires_grad_() if t.is_floating_point() else t
            for n, t in inputs_with_masks(trial, seed).items()
        }

    with torch.enable_grad():
        run, other = traced(trial, module, drawn(0)), traced(trial, module, drawn(1))
    alike = len(run.steps) == len(other.steps)
    found: list[tuple[bool, Step]] = []
    known: dict[tuple[int, str], bool] = {}
    for index, step in enumerate(run.steps):
        twin = other.steps[index] if alike else None
        if _cuts(step, twin, known) and not any(s.at == step.at for _, s in found):
            statement = step.statement
            plain = bool(statement and (cut(statement) or _silenced(statement)))
            found.append((plain, step))
        for name, value in step.values.items():
            known[step.frame, name] = value.requires_grad
    if not found:
        # Cut inside an expression, the rest of which still has a gradient.
        found = [(True, step) for step in run.steps if step.statement and cut(step.statement)][:1]
    if not found:
        return None
    found.sort(key=lambda item: not item[0])
    places = [place for _, step in found for place in _places(step)]
    return Blame(places[0], places[1:])


def _cuts(step: Step, twin: Step | None, known: dict[tuple[int, str], bool]) -> bool:
    lost = False
    for name, value in step.values.items():
        if value.requires_grad and name != RETURNED:
            return False
        if value.requires_grad or not value.tensor.is_floating_point():
            continue
        other = twin.values.get(name) if twin else None
        changed = differs(value.tensor, other.tensor) if other else None
        if other is not None and (changed is None or not bool(changed.any())):
            continue
        lost = True
    statement = step.statement
    if not lost or statement is None:
        return False
    sources = [
        k
        for (frame, n), k in known.items()
        if frame == step.frame and n.split("[")[0] in statement.reads
    ]
    return any(sources) or not sources or not known


def _silenced(statement: Statement) -> bool:
    return any(isinstance_no_grad(block) for block in _around(statement))


def _around(statement: Statement) -> list[Statement]:
    return [
        Statement(n.lineno, n.lineno, n, tuple(getattr(n, "items", ()))) for n in statement.inside
    ]


def isinstance_no_grad(statement: Statement) -> bool:
    """Say whether a block runs without gradients."""
    return no_grad(statement)


def _places(step: Step) -> list[Location]:
    statement = step.statement
    note = "the gradient stops on this line"
    if statement is None:
        return [at_step(step, note)]
    blocks = [b for b in _around(statement) if no_grad(b)]
    if blocks:
        return [
            at_statement(step.path, blocks[-1], "autograd records nothing in this block"),
            at_step(step, note),
        ]
    return [at_step(step, note)]
