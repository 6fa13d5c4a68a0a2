"""A mask that really masks something, in the subject's own convention."""

from __future__ import annotations

from attncheck.lazy import torch
from attncheck.trial import Trial


def half_masked(trial: Trial) -> dict[str, torch.Tensor]:
    """Return a mask for every mask argument of the call: the later half of the keys is masked.

    Empty where the call has no mask. At least one key stays.
    """
    masks: dict[str, torch.Tensor] = {}
    for argument in trial.subject.convention.masks:
        mask = trial.no_mask(argument)
        keys = mask.shape[-1]
        hidden = torch.arange(keys, device=mask.device) >= (keys + 1) // 2
        if argument.meaning == "pad-true":
            mask = mask | hidden
        elif argument.meaning == "valid-true":
            mask = mask & ~hidden
        else:
            value = 0.0 if argument.meaning == "valid-01" else float("-inf")
            mask = mask.masked_fill(hidden, value)
        masks[argument.input] = mask
    return masks
