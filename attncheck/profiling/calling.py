"""A module that is ready to be called over and over, forward or backward, as it would be used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attncheck.claim import Case
from attncheck.lazy import torch
from attncheck.profiling.measure import RowAsked
from attncheck.subject import Subject
from attncheck.target.outputs import read_output
from attncheck.target.raising import SubjectError, blamed
from attncheck.timing.sampling import Call
from attncheck.trial import Trial


@dataclass(frozen=True)
class Ready:
    """A module with its arguments, on its device.

    Attributes:
        trial: what it was made from.
        module: with random parameters, compiled where that was asked for.
        positional, keyword: what ``forward`` is given; the same tensors on every call.
        leaves: inputs and parameters that gradients reach in a backward pass.
    """

    trial: Trial
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
        module, inputs = _channels_last(module, inputs)
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


def _channels_last(module: Any, inputs: dict[str, torch.Tensor]) -> tuple[Any, Any]:
    last = torch.channels_last
    if all(tensor.ndim != 4 for tensor in inputs.values()):
        raise SubjectError(ValueError("no input is a map that has channels last"), "forward")
    moved = {n: t.contiguous(memory_format=last) if t.ndim == 4 else t for n, t in inputs.items()}
    return module.to(memory_format=last), moved
