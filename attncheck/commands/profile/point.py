"""One point of a profile: the module at its dims, ready to be called, and what is timed beside it.

A module is called over and over, forward or backward, as it would be used. Beside it stand its
spec's reference, or a fixed small workload.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from attncheck.auditing.job import Job
from attncheck.auditing.things import request_of
from attncheck.catalogue import load
from attncheck.commands.profile.questions import Measure, RowAsked
from attncheck.instruments.counting.growth import varied
from attncheck.instruments.timing.ceilings import NAME, workload
from attncheck.instruments.timing.samples import Call, Source
from attncheck.lazy import torch
from attncheck.signature.calls import dims_of
from attncheck.signature.inputs import parse_input
from attncheck.subject.case import Case
from attncheck.subject.outputs import read_output
from attncheck.subject.prepare import Request, prepare
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_LARGE = 2**20
"""Elements of an input that is too large to find out by trial how a module is called."""
_SIZES = ("H", "W", "N", "M")


def opened(job: Job, measure: Measure) -> Subject:
    """Return the subject, called at a small size, or at the full one where it knows no other.

    Raises:
        TargetError: it cannot be imported or bound.
        SubjectError: it cannot be built or called.
    """
    subject, failure = prepare(load(job.spec).document, request_of(job))
    if failure is not None and measure.inputs and measure.inputs != job.inputs:
        large = any(math.prod(parse_input(text).shape) > _LARGE for text in measure.inputs)
        request = request_of(job, measure.inputs, "meta" if large else "cpu")
        subject, failure = prepare(load(job.spec).document, request)
    if failure is not None:
        raise failure
    return subject.as_built


def dims_of_row(subject: Subject, measure: Measure, row: RowAsked) -> dict[str, int]:
    """Return the dims of one point: what is stated, then its size and batch.

    A size outside the spec's domain (a window must divide it) gives way to the next one inside.

    Raises:
        SubjectError: the module is made for other sizes, or the inputs contradict each other.
    """
    given = [parse_input(text) for text in measure.inputs]
    stated = dims_of(subject.convention, given, subject.dims)
    if stated is None:
        raise SubjectError(ValueError("the shapes of --input contradict each other"), "forward")
    stated |= measure.dims
    changes = {name: size for name, size in stated.items() if name in subject.dims}
    if row.batch and "B" in subject.variable:
        changes["B"] = row.batch
    if row.size is None:
        return subject.dims_with(**changes)
    names = sides(subject)
    if not names:
        raise SubjectError(ValueError("the module is made for one size"), "constructor")
    # A module that is made for one side takes it as a constructor argument.
    ties = sorted(subject.binding.follows - {*_SIZES, "B", "C"})
    for size in range(row.size, 2 * row.size + 1):
        for tied in ((), *((name,) for name in ties)):
            dims = subject.dims_with(**{**changes, **dict.fromkeys([*names, *tied], size)})
            if subject.in_domain(dims):
                return dims
    domain = " and ".join(subject.spec.domain.values())
    told = f"no size from {row.size} to {2 * row.size} is in the spec's domain, {domain}"
    raise SubjectError(ValueError(told), "constructor")


def size_of(subject: Subject, dims: Mapping[str, int]) -> int | None:
    """Return the side of a square map, or the number of tokens; None where there is no such."""
    sizes = {dims[name] for name in sides(subject)}
    return sizes.pop() if len(sizes) == 1 else None


def sides(subject: Subject) -> tuple[str, ...]:
    """Return the dims that a size stands for: both sides of a map, tokens, or keys alone."""
    return varied(subject) or (("M",) if "M" in subject.variable else ())


def input_text(trial: Trial) -> str:
    """Return the shapes of a call as ``--input`` takes them: ``8x256x64x64``, or several."""
    inputs = trial.subject.convention.inputs
    return " ".join("x".join(map(str, trial.sizes(axes))) for axes in inputs.values())


def reference_of(
    subject: Subject | None, made: Ready, row: RowAsked, device: str, mode: str
) -> tuple[str, Source]:
    """Return name and source of the calls that are timed in turns with the module's.

    Where the subject is the reference itself, or there is none that takes this very call, or no
    spec describes it, it is the fixed workload. The choice depends on the subject and the point
    alone, never on times.
    """
    if subject is not None and subject.spec.reference not in ("", subject.target):
        try:
            other = _reference(subject, made, row, device, train=mode == "backward")
            return "reference", other.backward if mode == "backward" else other.forward
        except (SubjectError, RuntimeError):
            pass
    call = workload(device)
    return NAME, lambda: call


def _reference(subject: Subject, made: Ready, row: RowAsked, device: str, *, train: bool) -> Ready:
    document = subject.spec
    other, failure = prepare(
        document,
        Request("reference", document.reference, arguments=document.reference_arguments),
    )
    if failure is not None:
        raise failure
    assert made.trial is not None
    dims = made.trial.dims
    same = {name: size for name, size in dims.items() if name in other.variable}
    sizes = other.dims_with(**same)
    plain = msgspec.structs.replace(row, compile=False)
    found = ready(other, sizes, plain, device, train=train)
    assert found.trial is not None
    if found.trial.sizes(found.trial.axes()) != made.trial.sizes(made.trial.axes()):
        raise SubjectError(ValueError("the reference takes another call"), "forward")
    return found


@dataclass(frozen=True)
class Ready:
    """A module with its arguments, on its device.

    Attributes:
        trial: what it was made from; None of what no spec describes.
        module: with random parameters, compiled where that was asked for.
        positional, keyword: what ``forward`` is given; the same tensors on every call.
        leaves: inputs and parameters that gradients reach in a backward pass.
    """

    trial: Trial | None
    module: Any
    positional: list[Any]
    keyword: dict[str, Any]
    leaves: list[torch.Tensor]

    def infer(self) -> object:
        """Run forward and keep nothing."""
        with torch.no_grad():
            return self.module(*self.positional, **self.keyword)

    def forward(self) -> Call:
        """Return the call that is timed."""
        return self.infer

    def main(self) -> torch.Tensor:
        """Run forward with gradients and return the main output."""
        with torch.enable_grad(), blamed("forward"):
            raw = self.module(*self.positional, **self.keyword)
        trial = self.trial
        assert trial is not None
        return read_output(raw, trial.subject.convention, trial.sizes(trial.output_axes)).main

    def backward(self) -> Call:
        """Run forward, and return the backward pass that is timed."""
        self.forget()
        output = self.main()
        if output.grad_fn is None:
            raise SubjectError(RuntimeError("no gradient reaches the output"), "backward")
        above = torch.ones_like(output)
        return lambda: torch.autograd.backward(output, above)

    def step(self) -> None:
        """Run forward and backward, then drop the gradients."""
        output = self.main()
        torch.autograd.backward(output, torch.ones_like(output))
        self.forget()

    def forget(self) -> None:
        """Drop all gradients."""
        for leaf in self.leaves:
            leaf.grad = None


def ready(
    subject: Subject, dims: Mapping[str, int], row: RowAsked, device: str, *, train: bool = False
) -> Ready:
    """Return the subject at these dims, built, moved and called once.

    Args:
        subject: what is measured.
        dims: of this point.
        row: precision, layout and compiler.
        device: where.
        train: in training mode, gradients reaching its inputs; else in evaluation mode.

    Raises:
        SubjectError: it cannot be built or called so.
    """
    trial = Trial(subject, Case(dims=dict(dims), dtype=row.dtype, device=device, train=train))
    module, inputs = trial.module(), trial.inputs()
    if row.channels_last:
        module, inputs = channels_last(module, inputs)
    leaves: list[torch.Tensor] = list(module.parameters())
    if train:
        for tensor in inputs.values():
            if tensor.is_floating_point():
                leaves.append(tensor.requires_grad_(True))
    positional, keyword = trial.arguments(inputs)
    runs: Any = module
    if row.compile:
        runs = torch.compile(module)
    made = Ready(trial, runs, positional, keyword, leaves)
    with blamed("forward"):
        made.infer()
    return made


def channels_last(module: Any, inputs: dict[str, Any]) -> tuple[Any, Any]:
    """Return the module and its inputs, maps among them, with channels last.

    Raises:
        SubjectError: no input is a map.
    """
    last = torch.channels_last
    maps = {n: one for n, one in inputs.items() if torch.is_tensor(one) and one.ndim == 4}
    if not maps:
        raise SubjectError(ValueError("no input is a map that has channels last"), "forward")
    moved = {**inputs, **{n: one.contiguous(memory_format=last) for n, one in maps.items()}}
    return module.to(memory_format=last), moved
