"""Find the order of axes that a module uses, where more than one of them runs."""

from __future__ import annotations

from dataclasses import replace

from attncheck.lazy import torch
from attncheck.subject.gated import is_gate_of
from attncheck.subject.precision import Narrowing
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tables import counts_tokens
from attncheck.subject.trial import Tensors, Trial


def error_of(subject: Subject) -> SubjectError | None:
    """Return what the base case raises, or None."""
    trial = Trial(subject, subject.base())
    try:
        trial.run(trial.module(), trial.inputs())
    except SubjectError as error:
        return error
    return None


def casts_inside(subject: Subject) -> bool:
    """Say whether it casts float64 to float32 on the way, and runs as well without."""
    if subject.dtype != "float64" or subject.device == "meta":
        return False
    trial = Trial(subject, subject.base())
    with Narrowing() as narrowing:
        trial.run(trial.module(), trial.inputs())
    wide = replace(subject, widened=True)
    return narrowing.seen and error_of(wide) is None and answers(wide)


def in_double(subject: Subject) -> Subject:
    """Return one that computes in single precision alone in double, where its casts are why.

    A norm that casts to float32 on its way meets weights of float64 there, and raises; so does a
    cache that is kept as a plain tensor.
    """
    if subject.dtype != "float32" or subject.device == "meta":
        return subject
    wide = replace(subject, dtype="float64", widened=True)
    return wide if error_of(wide) is None and answers(wide) else subject


def answers(subject: Subject) -> bool:
    """Say whether the output has the expected shape under this convention."""
    trial = Trial(subject, subject.base())
    try:
        out = trial.run(trial.module(), trial.inputs())
    except SubjectError:  # it ran once, and not again
        return False
    return tuple(out.shape) == trial.sizes(trial.output_axes)


def returns_gate(subject: Subject) -> bool:
    """Say whether it returns a gate over its input, where the spec claims one."""
    kinds = {str(claim.get("kind", name)) for name, claim in subject.spec.claims.items()}
    trial = Trial(subject, subject.base())
    if "gate" not in kinds or trial.sizes(trial.axes()) != trial.sizes(trial.output_axes):
        return False
    try:
        inputs = trial.inputs()
        return is_gate_of(inputs[trial.main], trial.run(trial.module(), inputs))
    except SubjectError:
        return False


def stands(subject: Subject, *, stated: bool = False) -> bool:
    """Say whether this order of axes is the module's own, as far as one can see.

    What is stated is in the spec's order, but for channels, which the weights tell.

    A time-major module takes (B, N, C) without complaint and attends across the batch. A module
    that wants channels last takes (B, 8, 8, 8) in any order, and a larger map in its own alone.
    """
    if "B" not in subject.dims:
        return True
    return (stated or _independent(subject)) and _takes_larger(subject)


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
    """Say whether the first sample's output ignores the others, and the last one's too.

    One of them is not enough: attention across the batch may be causal, and then the first
    position, or with a mask the wrong way round the last, sees nothing but itself.
    """
    if subject.device == "meta":
        return True  # shapes alone tell nothing of samples
    trial = Trial(subject, subject.base())
    if trial.dims["B"] < 2:
        trial = trial.with_case(dims={"B": 2})
    try:
        module, inputs = trial.module(), trial.inputs()
        before = trial.run(module, inputs)
        if not before.ndim:
            return True  # a number, as a loss gives: of all samples
        return all(
            _same(before.narrow(0, at, 1), trial.run(module, _changed(trial, inputs, at)), at)
            for at in (0, trial.dims["B"] - 1)
        )
    except SubjectError:
        return False


def _changed(trial: Trial, inputs: Tensors, kept: int) -> Tensors:
    """Return the inputs with every sample changed but one."""
    found = {}
    for name, tensor in inputs.items():
        if trial.axes(name)[0] == "B":
            added = torch.ones_like(tensor)
            added[kept] = 0
            tensor = tensor + added
        found[name] = tensor
    return found


def _same(before: torch.Tensor, after: torch.Tensor, at: int) -> bool:
    if at >= len(after):
        return False
    return bool(torch.allclose(before, after.narrow(0, at, 1), rtol=1e-6, atol=1e-9))


def fits(subject: Subject) -> bool:
    """Say whether the spec has every axis, and the inputs can be put into the form wanted."""
    axes = {
        part for a in subject.convention.arguments for axis in a.axes for part in axis.split("*")
    }
    if not all(part.isdigit() or part in subject.dims for part in axes):
        return False  # the heads of a mask, where no heads are defined
    if "N" not in subject.dims and any(counts_tokens(a.made) for a in subject.convention.arguments):
        return False
    form, trial = subject.convention.form, Trial(subject, subject.base())
    inputs = subject.convention.inputs.values()
    return form is None or all(form.fits(trial.sizes(axes), axes) for axes in inputs)
