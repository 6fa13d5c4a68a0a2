"""Whether more padding behind a sequence changes what its valid tokens get.

Logits are spread far apart first, by larger inputs, so that a change shows.
"""

from __future__ import annotations

import math

from attncheck.instruments.attention.graph import SOFTMAX, record
from attncheck.instruments.attention.hearing import key_inputs, position_axis
from attncheck.instruments.attention.masks import MaskWay, encode, query_rows, some_hidden
from attncheck.lazy import torch
from attncheck.signature.masks import key_axis
from attncheck.subject.raising import SubjectError
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial

_MORE = 3

_LARGEST = 1e6


def padding_changes(way: MaskWay, trial: Trial) -> tuple[float, float]:
    """Return the largest change of a valid token's output, and what rounding may change.

    (0, 0) where the length cannot be varied or the mask is no padding mask.
    """
    subject = trial.subject
    keys = key_axis(subject.convention.inputs)
    fixed = keys not in subject.variable or keys in subject.binding.follows
    if fixed or query_rows(way) or "B" not in way.argument.axes:
        return 0.0, 0.0
    module, inputs, name = trial.module(), trial.inputs(), way.argument.input
    hidden = some_hidden(way, trial)
    size = trial.dims[keys]
    longer = trial.with_case(dims={keys: size + _MORE})
    extra = longer.inputs(draw_seed=2)
    grown = dict(inputs)
    for data in key_inputs(trial):
        axis = position_axis(trial, data)
        grown[data] = torch.cat([inputs[data], extra[data].narrow(axis, size, _MORE)], axis)
    itself = len(inputs) == 1
    wider = torch.ones(hidden.shape[0], size + _MORE if itself else hidden.shape[1], size + _MORE)
    wider = wider.bool()
    wider[:, :, :size] = hidden[:, :1]
    try:
        before = trial.run(module, {**inputs, name: encode(hidden, way, trial)})
        after = longer.run(module, {**grown, name: encode(wider, way, longer)})
    except SubjectError:
        return 0.0, 0.0
    if itself and before.ndim > 2:
        valid = ~hidden[:, 0]
        before, after = before[valid], after[:, :size][valid]
    return difference(before, after), budget(before)


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
