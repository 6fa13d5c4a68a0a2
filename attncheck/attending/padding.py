"""Whether more padding behind a sequence changes what its valid tokens get."""

from __future__ import annotations

from attncheck.attending.hearing import key_inputs, position_axis
from attncheck.attending.masking import MaskWay, encode, query_rows, some_hidden
from attncheck.lazy import torch
from attncheck.target.masks import key_axis
from attncheck.target.raising import SubjectError
from attncheck.tolerance import budget, difference
from attncheck.trial import Trial

_MORE = 3


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
