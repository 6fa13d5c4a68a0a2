"""Parameters and inputs without influence: the line on which it ends."""

from __future__ import annotations

from attncheck.blame.layers import made_for
from attncheck.blame.naming import names_in
from attncheck.blame.shapes import what_goes_in
from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.paired import differs, inputs_with_masks, side_by_side, traced, values_of
from attncheck.source.places import Blame, at_step
from attncheck.source.reading import source_of, written
from attncheck.source.tracing import Step
from attncheck.subject.claim import Outcome
from attncheck.subject.sampling import generator
from attncheck.subject.trial import Trial


def influence_ends(trial: Trial, outcome: Outcome) -> Blame | None:
    """Change the named parameters: the line that reads what they changed and makes no difference.

    None where no line of the subject shows their influence, as for a layer that is never called.
    """
    module, inputs = trial.module(), inputs_with_masks(trial)
    base = traced(trial, module, inputs)
    names = set(names_in(outcome))
    source = generator(trial.case.seed + 11)
    touched = False
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if name in names or any(name.startswith(f"{n}.") for n in names):
                noise = torch.rand(parameter.shape, generator=source, dtype=torch.float64)
                parameter.mul_((1.5 + noise).to(parameter))
                touched = True
    if not touched:
        return None
    run = traced(trial, module, inputs)
    pairs = list(side_by_side(base, run))
    apart = [_apart(pair) for pair in pairs]
    last = max((i for i, changed in enumerate(apart) if changed), default=None)
    if last is None:
        return None
    changed = {(pairs[i][0].frame, name) for i, found in enumerate(apart) for name in found}
    for pair in pairs[last + 1 :]:
        step = pair[0]
        reads = step.statement.reads if step.statement else frozenset()
        if any((step.frame, name) in changed for name in reads) and step.values:
            said = ", ".join(f"`{n}`" for n in sorted(names)[:3])
            note = f"whatever {said} gives, the result of this line is the same"
            return Blame(at_step(step, note), [*made_for(step)[:2], *what_goes_in(step)])
    return None


def _apart(pair: tuple[Step, ...]) -> set[str]:
    found: set[str] = set()
    for name, (a, b) in values_of(pair):
        changed = differs(a.tensor, b.tensor)
        if changed is None or bool(changed.any()):
            found.add(name.split("[")[0])
    return found


def unused_input(trial: Trial, outcome: Outcome) -> Blame | None:
    """An input of ``forward`` that nothing reads: its ``def``."""
    named = outcome.evidence.get("inputs") or outcome.evidence.get("mask") or []
    names = [named] if isinstance(named, str) else list(named)
    ours = {a.input: a.parameter for a in trial.subject.convention.arguments}
    wanted = {ours.get(name, name) for name in names}
    found = source_of(trial.subject)
    source = written(getattr(found, "forward", found))
    if source is None or not wanted:
        return None
    read = {name for s in source.statements for name in s.reads}
    missing = sorted(wanted - read)
    if not missing:
        return None
    line = getattr(source.node, "lineno", 1)
    return Blame(Location(source.path, line, note=f"`{missing[0]}` is taken here and never used"))
