"""Spread a module's logits far apart, by larger inputs."""

from __future__ import annotations

import math

from attncheck.attending.operators import SOFTMAX
from attncheck.attending.recording import record
from attncheck.trial import Trial

_LARGEST = 1e6


def factor_for_gap(trial: Trial, gap: float) -> float | None:
    """Return by what to multiply the inputs so that logits lie ``gap`` apart; 1 for no gap.

    None where no softmax is seen, or where larger inputs do not spread its logits.
    """
    if not gap:
        return 1.0
    factor = 1.0
    for _ in range(4):
        seen = _gap(trial, factor)
        if seen is None or not math.isfinite(seen) or seen <= 0:
            return None
        if seen >= gap:
            return factor
        factor *= max(math.sqrt(gap / seen) * 1.3, 1.5)
        if factor > _LARGEST:
            return None
    return None


def _gap(trial: Trial, factor: float) -> float | None:
    inputs = {name: factor * tensor for name, tensor in trial.inputs().items()}
    nodes, _ = record(trial, trial.module(), inputs)
    spans = []
    for node in nodes:
        if node.op in SOFTMAX and node.from_input:
            logits = node.arguments[0].value
            axis = int(node.arguments[1])
            spans.append(float((logits.amax(axis) - logits.amin(axis)).max()))
    return max(spans, default=None)
