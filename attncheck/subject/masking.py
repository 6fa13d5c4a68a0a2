"""Whether a mask whose meaning is guessed does what the guess says: hides a key, and no other."""

from __future__ import annotations

from attncheck.lazy import torch
from attncheck.signature.masks import key_axis
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


def obeys(subject: Subject) -> bool:
    """Say whether the first key is heard where the mask shows it, and silent where it hides it.

    The first key, since causal layers hear it everywhere; its own query may hear it in any case.
    """
    if subject.device == "meta":
        return True
    trial = Trial(subject, subject.base())
    mask = subject.convention.masks[0]
    keys = key_axis(subject.convention.inputs)
    heard = next((n for n, a in reversed(subject.convention.inputs.items()) if keys in a), "")
    if not heard or trial.dims.get(keys, 0) < 3:
        return False
    try:
        shows = trial.no_mask(mask)
        hides = shows.clone()
        at = len(mask.axes) - 1 - mask.axes[::-1].index(keys)
        hides.select(at, 0).fill_(_hidden(mask.meaning))
        module, inputs = trial.module(), trial.inputs()
        moved = dict(inputs)
        moved[heard] = inputs[heard].clone()
        moved[heard].select(trial.axes(heard).index(keys), 0).add_(1.0)
        alone = len(subject.convention.inputs) == 1
        outs = [
            _of_others(trial.run(module, {**data, mask.input: m}), alone)
            for m in (shows, hides)
            for data in (inputs, moved)
        ]
    except (SubjectError, RuntimeError, ValueError):
        return False
    if not all(bool(out.isfinite().all()) for out in outs):
        return False
    return not torch.allclose(outs[0], outs[1], atol=1e-9) and torch.allclose(
        outs[2], outs[3], rtol=1e-7, atol=1e-9
    )


def _hidden(meaning: str) -> float:
    return {"pad-true": 1.0, "pad-01": 1.0, "valid-true": 0.0, "valid-01": 0.0}.get(
        meaning, float("-inf")
    )


def _of_others(out: torch.Tensor, alone: bool) -> torch.Tensor:
    """Return the output without the first query, where queries and keys are the same tokens."""
    return out[:, 1:] if alone and out.ndim > 2 else out
