"""Put a violation on lines of the subject's source: by the strategies that a claim names.

A strategy, one file each beside this one, finds the lines of one sort of fault, or says nothing.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Sequence

from attncheck.blame import (
    axes,
    batch,
    divergence,
    dtypes,
    gradients,
    influence,
    layers,
    mutation,
    naming,
    nonfinite,
    positions,
    repeats,
    shapes,
    statics,
    storing,
    symmetry,
    weighing,
)
from attncheck.blame import globals as process
from attncheck.data.report import Location
from attncheck.instruments.behaviour.process import switches_kept
from attncheck.source.places import Blame
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial

Strategy = Callable[[Trial, Outcome], Blame | None]

STRATEGIES: dict[str, Strategy] = {
    "batch": batch.batch,
    "causality": positions.causality,
    "built": layers.built,
    "constructor": naming.constructor,
    "definition": statics.definition,
    "device": dtypes.device,
    "divergence": divergence.divergence,
    "dropout": statics.dropout,
    "dtype": dtypes.dtype,
    "gradient cut": gradients.gradient_cut,
    "implicit softmax": statics.implicit_softmax,
    "influence ends": influence.influence_ends,
    "layer in forward": statics.layer_in_forward,
    "layout": dtypes.layout,
    "masks": positions.masks,
    "mutated": mutation.mutated,
    "named": naming.named,
    "nonfinite": nonfinite.nonfinite,
    "of the line": layers.of_the_line,
    "process state": process.process_state,
    "product": shapes.product,
    "reducing": statics.reducing,
    "repeated": statics.repeated,
    "repeats": repeats.repeats,
    "returned": shapes.returned,
    "scores": weighing.scores,
    "scrambled": axes.scrambled,
    "sizes lost": shapes.sizes_lost,
    "spread": axes.spread,
    "state": mutation.state,
    "symmetry": symmetry.symmetry,
    "typed sizes": statics.typed_sizes,
    "unused input": influence.unused_input,
    "unregistered": dtypes.unregistered,
    "unstorable": storing.unstorable,
    "zero start": layers.zero_start,
}
"""Every strategy by the name that a probe may give in its ``located_by``."""

_LAST = ("returned", "definition")
_SECONDS = 2.0
"""Usually a tenth of it; the line found must not depend on how busy the machine is."""


def blame(
    trial: Trial, outcome: Outcome, located_by: Sequence[str] = ()
) -> tuple[Location | None, list[Location]]:
    """Return the line of the subject's source where the fault is, and related lines.

    A location that the outcome has stays, and only related lines are added. Never raises, and
    leaves torch's generator and switches as they were; without source it returns None.

    Args:
        trial: the subject on the case that shows the violation.
        outcome: the violation.
        located_by: names of the strategies of the claim's kind, best first.
    """
    if outcome.location is not None:
        found = _tried(trial, outcome, ("of the line",)) or Blame()
        return outcome.location, [p for p in found.related if _elsewhere(p, outcome.location)]
    found = _tried(trial, outcome, (*located_by, *_LAST)) or Blame()
    return found.location, found.related


def _elsewhere(place: Location, other: Location) -> bool:
    return (place.path, place.line) != (other.path, other.line)


def _tried(trial: Trial, outcome: Outcome, names: Sequence[str]) -> Blame | None:
    """Return what the first strategy finds that finds anything."""
    deadline = time.monotonic() + _SECONDS
    for name in names:
        strategy = STRATEGIES.get(name)
        if strategy is None or (time.monotonic() > deadline and name not in _LAST):
            continue
        found = _quietly(strategy, trial, outcome)
        if found is not None and (found.location is not None or found.related):
            return found.tidy() if found.location is not None else Blame(None, found.related[:4])
    return None


def _quietly(strategy: Strategy, trial: Trial, outcome: Outcome) -> Blame | None:
    """Run a strategy; whatever the subject or the strategy raises means that it found nothing."""
    try:
        with switches_kept(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return strategy(trial, outcome)
    except Exception:
        return None
