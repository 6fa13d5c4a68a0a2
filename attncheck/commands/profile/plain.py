"""One point of a profile of a module that no spec describes: called as it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attncheck.auditing.job import Job
from attncheck.auditing.plain_job import plain_asked
from attncheck.commands.profile.costs import measured, row_of
from attncheck.commands.profile.point import Ready, channels_last
from attncheck.commands.profile.questions import Measure, RowAsked, RowCosts
from attncheck.devices.shared.protocol import Device
from attncheck.errors import TargetError
from attncheck.instruments.counting.dispatch import tensors_in
from attncheck.instruments.counting.live import count_live
from attncheck.instruments.counting.predicted import predict_call
from attncheck.lazy import torch
from attncheck.subject.live import LiveCall
from attncheck.subject.plain import plain_call
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.stated_calls import called_plainly


@dataclass(frozen=True)
class PlainPoint(Ready):
    """A module with its arguments, of which no spec says what it gives."""

    def main(self) -> torch.Tensor:
        """Run forward with gradients and return the sum of all that it gives."""
        with torch.enable_grad(), blamed("forward"):
            given = tensors_in(self.module(*self.positional, **self.keyword))
        sums = [one.float().sum() for one in given if one.grad_fn is not None]
        if not sums:
            raise SubjectError(RuntimeError("no gradient reaches the output"), "backward")
        return torch.stack(sums).sum()


def plain_point(job: Job, row: RowAsked, device: str, *, train: bool = False) -> PlainPoint:
    """Return the module, built, moved and called once.

    Args:
        job: what is measured, and with which call.
        row: precision, layout and compiler.
        device: where.
        train: in training mode, gradients reaching its inputs; else in evaluation mode.

    Raises:
        TargetError: it cannot be built or called.
        SubjectError: it cannot be called so.
    """
    call, _ = plain_call(plain_asked(job, "cpu"), called_plainly)
    dtype = getattr(torch, row.dtype)
    module: Any = call.module.to(device=device, dtype=dtype).train(train)
    leaves: list[torch.Tensor] = list(module.parameters())

    def moved(one: Any) -> Any:
        if not isinstance(one, torch.Tensor):
            return one
        there = one.to(device=device, dtype=dtype if one.is_floating_point() else one.dtype)
        if train and there.is_floating_point():
            leaves.append(there.requires_grad_())
        return there

    given = ([*call.positional], {**call.named})
    positional, keyword = torch.utils._pytree.tree_map(moved, given)
    if row.channels_last:
        named = {str(at): one for at, one in enumerate(positional)} | keyword
        module, named = channels_last(module, named)
        positional = [named.pop(str(at)) for at in range(len(positional))]
        keyword = named
    runs = torch.compile(module) if row.compile else module
    made = PlainPoint(None, runs, positional, keyword, leaves)
    with blamed("forward"):
        made.infer()
    return made


def plain_costs(job: Job, measure: Measure, row: RowAsked, device: Device) -> RowCosts:
    """Return the figures of the point; what could not be had is None, and ``why`` says it.

    Raises:
        TargetError: it cannot be built or called.
    """
    call, counted = plain_call(plain_asked(job), count_live)
    found = row_of(
        counted,
        input=" ".join(call.texts),
        dims={"B": _batch(call)},
        traffic=_traffic(call, row, counted.parameters.total),
    )
    try:
        if device.computes:
            made = plain_point(job, row, device.name)
            found = measured(found, made, device)
            if measure.backward:
                training = plain_point(job, row, device.name, train=True)
                found = measured(found, training, device, backward=True)
        elif (peak := predict_call(call)) is not None:
            found.peak_bytes, found.peak_source = peak, "predicted"
        else:
            found.why = "no peak is predicted: a fused attention kernel, or values, decide it"
    except (SubjectError, TargetError) as error:
        found.why = str(error)
    return found


def _batch(call: LiveCall) -> int:
    """Return how many samples there are: the first axis of the first input that has three."""
    given = torch.utils._pytree.tree_leaves(([*call.positional], call.named))
    shapes = [tuple(one.shape) for one in given if isinstance(one, torch.Tensor)]
    return next((shape[0] for shape in shapes if len(shape) > 2), 1)


def _traffic(call: LiveCall, row: RowAsked, parameters: int) -> int:
    """Return the bytes that must be moved at least: parameters, inputs and outputs."""
    given = torch.utils._pytree.tree_leaves(([*call.positional], call.named))
    tensors = [one for one in given if isinstance(one, torch.Tensor)]
    tensors += tensors_in(called_plainly(call))
    item: int = torch.empty(0, dtype=getattr(torch, row.dtype)).element_size()
    return item * (parameters + sum(one.numel() for one in tensors))
