"""Find the order of axes that a module uses, where more than one of them runs."""

from __future__ import annotations

from attncheck.lazy import torch
from attncheck.subject import Subject
from attncheck.target.raising import SubjectError
from attncheck.trial import Trial


def error_of(subject: Subject) -> SubjectError | None:
    """Return what the base case raises, or None."""
    trial = Trial(subject, subject.base())
    try:
        trial.run(trial.module(), trial.inputs())
    except SubjectError as error:
        return error
    return None


def answers(subject: Subject) -> bool:
    """Say whether the output has the expected shape under this convention."""
    trial = Trial(subject, subject.base())
    try:
        out = trial.run(trial.module(), trial.inputs())
    except SubjectError:  # it ran once, and not again
        return False
    return tuple(out.shape) == trial.sizes(trial.output_axes)


def stands(subject: Subject) -> bool:
    """Say whether this order of axes is the module's own, as far as one can see.

    A time-major module takes (B, N, C) without complaint and attends across the batch. A module
    that wants channels last takes (B, 8, 8, 8) in any order, and a larger map in its own alone.
    """
    return "B" not in subject.dims or (_independent(subject) and _takes_larger(subject))


def _takes_larger(subject: Subject) -> bool:
    """Say whether a map twice as high and wide runs, where its base shape tells no axes apart."""
    dims = subject.dims
    width = dims.get("C")
    if "W" not in dims or width is None:
        return True
    if width not in (dims["H"], dims["W"]) and subject.binding.fixed.get("C", width) == width:
        return True
    sizes = {n: 2 * dims[n] for n in ("H", "W") if n in subject.variable}
    trial = Trial(subject, subject.base(dims=sizes))
    try:
        out = trial.run(trial.module(), trial.inputs())
    except SubjectError:
        return False
    return tuple(out.shape) == trial.sizes(trial.output_axes)


def _independent(subject: Subject) -> bool:
    """Say whether the first sample's output ignores the other samples."""
    if subject.device == "meta":
        return True  # shapes alone tell nothing of samples
    trial = Trial(subject, subject.base())
    if trial.dims["B"] < 2:
        trial = trial.with_case(dims={"B": 2})
    try:
        module, inputs = trial.module(), trial.inputs()
        changed = {
            name: torch.cat([t[:1], t[1:] + 1.0]) if trial.axes(name)[0] == "B" else t
            for name, t in inputs.items()
        }
        before, after = trial.run(module, inputs), trial.run(module, changed)
    except SubjectError:
        return False
    if not before.ndim:
        return True  # a number, as a loss gives: of all samples
    return bool(torch.allclose(before[:1], after[:1], rtol=1e-6, atol=1e-9))
