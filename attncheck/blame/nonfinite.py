"""NaN and infinity: the first line that makes one."""

from __future__ import annotations

from collections.abc import Iterator

from attncheck.blame.layers import made_for
from attncheck.lazy import torch
from attncheck.signature.convention import LENGTHS
from attncheck.source.paired import Traced, inputs_with_masks, traced
from attncheck.source.places import Blame, at_step
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Tensors, Trial


def nonfinite(trial: Trial, outcome: Outcome) -> Blame | None:
    """Try hard values until the output is not finite; blame the first line that made it so."""
    module = trial.module()
    for label, inputs in _hard(trial):
        run = traced(trial, module, inputs)
        if run.error is not None or run.output is None:
            continue
        if bool(run.output.main.isfinite().all()):
            continue
        return _first(run, label)
    return None


def _first(run: Traced, label: str) -> Blame | None:
    for wanted in ("isnan", "isinf"):
        for step in run.steps:
            for name, value in step.values.items():
                if not value.tensor.is_floating_point() or value.number:
                    continue
                if bool(getattr(value.tensor, wanted)().any()):
                    what = "NaN" if wanted == "isnan" else "infinity"
                    where = "the result" if name == "return" else f"`{name.split('[')[0]}`"
                    return Blame(
                        at_step(step, f"{where} becomes {what} here, on {label}"), made_for(step)
                    )
    return None


def _hard(trial: Trial) -> Iterator[tuple[str, Tensors]]:
    plain = inputs_with_masks(trial)
    masks = {a.input for a in trial.subject.convention.masks}

    def mapped(change: object) -> Tensors:
        return {
            n: t if n in masks else change(t)  # type: ignore[operator]
            for n, t in plain.items()
        }

    yield "these inputs", plain
    yield "zeros", mapped(torch.zeros_like)
    yield "a constant input", mapped(torch.ones_like)
    yield "large values", mapped(lambda t: t * 1e4)
    yield "very large values", mapped(lambda t: t * 1e18)
    yield "tiny values", mapped(lambda t: t * 1e-30)
    yield "a large offset", mapped(lambda t: t + 1e4)
    for argument in trial.subject.convention.masks:
        empty = _all_masked(trial.no_mask(argument), argument.meaning)
        yield "rows that are masked as a whole", {**plain, argument.input: empty}


def _all_masked(mask: torch.Tensor, meaning: str) -> torch.Tensor:
    if meaning in ("pad-true", "valid-true"):
        return ~mask
    if meaning == "pad-01":
        return torch.ones_like(mask)
    none = meaning in ("valid-01", LENGTHS)
    return torch.zeros_like(mask) if none else torch.full_like(mask, -torch.inf)
