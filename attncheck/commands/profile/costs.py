"""What one point costs without a clock: counts, memory, launches, energy, traffic."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from attncheck.commands.profile.point import Ready, dims_of_row, input_text, ready, size_of
from attncheck.commands.profile.questions import Growing, Measure, RowAsked, RowCosts
from attncheck.devices.shared.protocol import Device
from attncheck.errors import DeviceError
from attncheck.instruments.counting.count import BothCounts, count_trial
from attncheck.instruments.counting.growth import scaling
from attncheck.instruments.counting.predicted import predict
from attncheck.instruments.memory import saved_bytes
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


def costs_of_row(subject: Subject, measure: Measure, row: RowAsked, device: Device) -> RowCosts:
    """Return the figures of one point; what could not be had is None, and ``why`` says it.

    Raises:
        SubjectError: the point is none: the module cannot be built or counted there.
    """
    dims = dims_of_row(subject, measure, row)
    case = Case(dims=dims, dtype="float32", device="meta")
    counted = _counted(subject, case)
    item = torch.empty(0, dtype=getattr(torch, row.dtype)).element_size()
    trial = Trial(subject, case)
    found = row_of(
        counted,
        input=input_text(trial),
        dims=dims,
        size=size_of(subject, dims),
        traffic=item * (counted.parameters.total + _elements(trial)),
    )
    try:
        if device.computes:
            _measure(found, subject, measure, row, device)
        else:
            _predict(found, subject, row)
    except SubjectError as error:
        found.why = str(error)
    return found


def growth(subject: Subject, measure: Measure, row: RowAsked) -> dict[str, Growing]:
    """Return how MACs and predicted bytes grow from this point on, as exact polynomials in N."""
    dims = dims_of_row(subject, measure, row)
    stated = {n: s for n, s in dims.items() if n in subject.dims and n in subject.variable}
    found = scaling(replace(subject, overrides={**subject.overrides, **stated}))
    if found is None:
        return {}
    return {
        of: Growing(found.words(of), found.order(of))
        for of in ("macs", "memory")
        if found.words(of)
    }


def row_of(counted: BothCounts, **more: Any) -> RowCosts:
    """Return a point's row with what was counted; ``more`` are its other fields."""
    return RowCosts(
        parameters=counted.parameters.total,
        tied=counted.parameters.tied,
        unused=counted.unused,
        macs=counted.tally.macs,
        elementwise=counted.tally.elementwise,
        by_operator=dict(counted.tally.by_operator.most_common()),
        unpriced=sorted(counted.tally.unpriced),
        **more,
    )


def _counted(subject: Subject, case: Case) -> BothCounts:
    try:
        return count_trial(Trial(subject, case), twice=False)
    except SubjectError:  # it looks at values
        there = Case(dims=case.dims, dtype=case.dtype)
        return count_trial(Trial(subject, there), twice=False)


def _elements(trial: Trial) -> int:
    """Return the elements of inputs and main output: what must be moved at least."""
    axes = [*trial.subject.convention.inputs.values(), trial.output_axes]
    return sum(torch.Size(trial.sizes(one)).numel() for one in axes)


def _measure(
    found: RowCosts, subject: Subject, measure: Measure, row: RowAsked, device: Device
) -> None:
    measured(found, ready(subject, found.dims, row, device.name), device)
    if measure.backward and found.peak_source:
        training = ready(subject, found.dims, row, device.name, train=True)
        measured(found, training, device, backward=True)


def measured(found: RowCosts, made: Ready, device: Device, *, backward: bool = False) -> RowCosts:
    """Add what the device says of a forward pass, or of both, and return the figures."""
    if backward:
        there = [*made.leaves, *made.module.buffers()]
        found.saved_bytes = saved_bytes(made.main, there)
        found.peak_backward_bytes = device.peak(made.step).allocated
        return found
    found.kernels = device.kernels(made.infer)
    try:
        peak = device.peak(made.infer)
    except DeviceError:
        return found
    found.peak_bytes, found.peak_source = peak.allocated, "allocator"
    found.reserved_bytes = peak.reserved
    found.energy_j = device.energy(made.infer)
    return found


def _predict(found: RowCosts, subject: Subject, row: RowAsked) -> None:
    """Add the peak that shapes foretell; none where kernels are known to hold less or more."""
    module = Trial(subject, Case(dims=found.dims, device="meta")).module(initial=True)
    predicted = (
        None if (opaque := _opaque(module)) else predict(subject, found.dims, dtype=row.dtype)
    )
    if predicted is None:
        found.why = f"no peak is predicted: {opaque}"
    elif predicted.fused:
        told = "a fused attention kernel holds less than shapes tell"
        found.why = f"no peak is predicted: {told}"
    else:
        found.peak_bytes, found.peak_source = predicted.memory, "predicted"


def _opaque(module: torch.nn.Module) -> str:
    """Return the class whose kernels hold what no shape tells, "" if there is none."""
    kinds: tuple[Callable[..., Any], ...] = (
        torch.nn.MultiheadAttention,
        torch.nn.TransformerEncoderLayer,
        torch.nn.RNNBase,
    )
    for sub in module.modules():
        if isinstance(sub, kinds):  # type: ignore[arg-type]
            return f"{type(sub).__name__} computes inside of one kernel"
    return ""
