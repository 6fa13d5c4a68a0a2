"""What one subject costs and reaches, beside others: memory, growth, reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from attncheck.auditing import audit, open_subject
from attncheck.catalogue import load
from attncheck.claim import Case
from attncheck.counting.predicted import predict
from attncheck.counting.scaling import scaling
from attncheck.job import Job
from attncheck.lazy import torch
from attncheck.measuring.axes import indices, places_of
from attncheck.messages import Counted, Opened
from attncheck.report import Finding
from attncheck.subject import Subject
from attncheck.target.raising import SubjectError
from attncheck.trial import Trial

_DRAWS = 3


def audit_and_cost(
    job: Job, note: Callable[[Case], None] | None = None
) -> Iterator[Opened | str | Finding | Counted]:
    """Audit a job as :func:`attncheck.auditing.audit` does; its counts also hold ``costs``."""
    for event in audit(job, note):
        if isinstance(event, Counted):
            subject = open_subject(job, load(job.spec))[0]
            yield Counted({**event.counts, "costs": costs_of(subject)})
        else:
            yield event


def costs_of(subject: Subject) -> dict[str, Any]:
    """Return the costs that ``attncheck compare`` shows, at the subject's own dims.

    Returns:
        ``memory``: peak bytes of a forward pass in float32 above inputs and parameters, read off
        shapes; ``growth``: MACs as a polynomial in the positions N, with its ``order``; ``reach``:
        input positions that change one output position, of ``positions``. What cannot be known
        is left out.
    """
    found: dict[str, Any] = {}
    with suppress(SubjectError):
        cost = predict(subject, subject.dims)
        if not cost.fused:
            found["memory"] = cost.memory
        if grown := scaling(subject):
            found["growth"], found["order"] = grown.words("macs"), grown.order("macs")
    with suppress(SubjectError):
        found |= _reach(Trial(subject, subject.base()))
    return {name: value for name, value in found.items() if value not in ("", None)}


def _reach(trial: Trial) -> dict[str, int]:
    """Count the input positions with a gradient into the middle output position, over draws."""
    places = places_of(trial.output_axes)
    if not places or places != places_of(trial.axes()):
        return {}
    reached: Any = None
    for seed in range(_DRAWS):
        module, inputs = trial.module(draw_seed=seed), trial.inputs(draw_seed=seed)
        given = inputs[trial.main].requires_grad_(True)
        output = trial.run(module, inputs)
        if output.shape != trial.sizes(trial.output_axes):
            return {}
        picked = output[0:1]
        for axis in indices(trial.output_axes, places):
            picked = picked.narrow(axis, picked.shape[axis] // 2, 1)
        weights = torch.randn_like(picked)
        (gradient,) = torch.autograd.grad((picked * weights).sum(), given, allow_unused=True)
        if gradient is None:
            return {}
        others = [i for i, axis in enumerate(trial.axes()) if axis not in places]
        seen = gradient.abs().sum(others) > 0
        reached = seen if reached is None else reached | seen
    return {"reach": int(reached.sum()), "positions": reached.numel()}
