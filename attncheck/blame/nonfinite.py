"""NaN and infinity: the first line that makes one."""

from __future__ import annotations

from collections.abc import Iterator

from attncheck.blame.layers import made_for
from attncheck.instruments.behaviour.precision import twin
from attncheck.lazy import torch
from attncheck.signature.convention import LENGTHS
from attncheck.source.paired import Traced, inputs_with_masks, side_by_side, traced, values_of
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
        return overflow(trial, module, inputs, label) or _first(run, label)
    return None


def overflow(
    trial: Trial, module: torch.nn.Module, inputs: Tensors, label: str = "these inputs"
) -> Blame | None:
    """In half precision: the first line whose numbers are finite in full precision alone."""
    if trial.dtype.itemsize > 2:
        return None
    run = traced(trial, module, inputs)
    wide = trial.with_case(dtype=trial.subject.dtype)
    given = {n: t.to(wide.dtype) if t.is_floating_point() else t for n, t in inputs.items()}
    for steps in side_by_side(run, traced(wide, twin(wide, module), given)):
        for name, (ours, theirs) in values_of(steps):
            if ours.number or not ours.tensor.is_floating_point():
                continue
            if theirs.tensor.shape != ours.tensor.shape:
                continue
            if bool((theirs.tensor.isfinite() & ~ours.tensor.isfinite()).any()):
                note = f"`{name.split('[')[0]}` overflows {trial.case.dtype} here, on {label}"
                return Blame(at_step(steps[0], note), made_for(steps[0]))
    return None


def _first(run: Traced, label: str) -> Blame | None:
    """Blame what makes NaN or plus infinity first; minus infinity may be what hides a key."""
    kinds = {"NaN": torch.isnan, "infinity": torch.isposinf, "minus infinity": torch.isneginf}
    for wanted in (("NaN", "infinity"), ("minus infinity",)):
        for step in run.steps:
            for name, value in step.values.items():
                if not value.tensor.is_floating_point() or value.number:
                    continue
                found = [what for what in wanted if bool(kinds[what](value.tensor).any())]
                if found:
                    where = "the result" if name == "return" else f"`{name.split('[')[0]}`"
                    note = f"{where} becomes {found[0]} here, on {label}"
                    return Blame(at_step(step, note), made_for(step))
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
