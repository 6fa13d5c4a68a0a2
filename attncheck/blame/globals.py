"""State of the whole process that a call changes."""

from __future__ import annotations

import random
import sys
import warnings
from typing import Any

from attncheck.instruments.behaviour.process import switches
from attncheck.lazy import torch
from attncheck.source.paired import inputs_with_masks, traced
from attncheck.source.places import Blame, at_statement, at_step
from attncheck.source.reading import sources_of
from attncheck.source.remarks import first, reseeds, sets_global
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial

_UNUSUAL = 987_654_321
"""A seed that nobody sets, so that re-seeding shows."""
_GENERATOR = "torch's generator"


def process_state(trial: Trial, outcome: Outcome) -> Blame | None:
    """The first line after which a switch of the process is set otherwise, then one that draws."""
    module = trial.module()
    inputs = inputs_with_masks(trial)
    torch.manual_seed(_UNUSUAL)
    previous = _state()
    run = traced(trial, module, inputs, seed=_UNUSUAL, observe=_state)
    later: Blame | None = None
    for step in run.steps:
        changed = [k for k, v in step.seen.items() if v != previous[k]]
        previous = step.seen
        if real := [k for k in changed if k != _GENERATOR]:
            return Blame(at_step(step, f"this line changes {', '.join(real)} of the whole process"))
        if changed and later is None:
            later = Blame(at_step(step, "this line draws from the global generator"))
    return later or _read(module)


def _state() -> dict[str, Any]:
    return {
        "the seed": torch.initial_seed(),
        **switches(),
        "Python's generator": hash(random.getstate()),
        "warning filters": len(warnings.filters),
        "standard output": id(sys.stdout),
        _GENERATOR: hash(bytes(torch.get_rng_state().numpy().tobytes())),
    }


def _read(module: torch.nn.Module) -> Blame | None:
    """Find it in the source, where it happens at construction or leaves no trace."""
    for kind in dict.fromkeys(type(m) for m in module.modules()):
        for source in sources_of(kind):
            for rule in (reseeds, sets_global):
                if found := first(source.statements, rule):
                    return Blame(at_statement(source.path, found, "this line acts on the process"))
    return None
