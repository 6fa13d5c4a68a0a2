"""What a softmax reads where every token is the same, so that positions alone tell keys apart."""

from __future__ import annotations

from attncheck.attending.operators import SOFTMAX
from attncheck.attending.recording import record
from attncheck.lazy import torch
from attncheck.trial import Trial

_HIDDEN = -1e3
"""Logits below are those of a mask."""


def with_equal_tokens(trial: Trial) -> tuple[list[torch.Tensor], torch.Tensor]:
    """Call a module on one token repeated, fused attention taken apart.

    Returns:
        What each softmax over pairs of tokens reads, (…, N, N) in float64, NaN where it is hidden;
        and the output.
    """
    size, along = trial.dims["N"], trial.axes().index("N")
    tokens = trial.inputs()[trial.main]
    same = tokens.narrow(along, 0, 1).repeat_interleave(size, along)
    nodes, output = record(trial, trial.module(), {trial.main: same})
    logits = [
        node.arguments[0].value.detach().double()
        for node in nodes
        if node.op in SOFTMAX and node.from_input and tuple(node.value.shape[-2:]) == (size, size)
    ]
    return [found.masked_fill(found < _HIDDEN, torch.nan) for found in logits], output
