"""What a definition computes, as figures: to tell mutants from it and from each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from attncheck.attending.masking import encode, some_hidden, ways_of
from attncheck.lazy import torch
from attncheck.sampling import generator
from attncheck.subject import Subject
from attncheck.target.preparing import prepare
from attncheck.tolerance import difference
from attncheck.trial import Tensors, Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import DefinedModule, Mechanism
    from attncheck.selftesting.settings import Setting
    from attncheck.spec import SpecDocument

SAME = 1e-9
"""Relative difference up to which a mutant computes what the definition computes."""

Answers = tuple["torch.Tensor", "torch.Tensor"]
"""An output, and its gradients side by side."""

Figures = tuple[object, ...]
"""A behaviour: mutants with the same figures compute the same."""


@dataclass
class Call:
    """One case on which definition and mutant are compared: the trial and its inputs."""

    trial: Trial
    inputs: Tensors
    mechanism: Mechanism

    @cached_property
    def wanted(self) -> Answers:
        """The definition's own output and gradients."""
        return self.answers(self.mechanism)

    def answers(self, mechanism: Mechanism, expected: torch.Tensor | None = None) -> Answers:
        """Return the output, and the gradients of a random projection of it, side by side.

        Args:
            mechanism: the definition or a mutant.
            expected: leave the gradients out where the output is another one.

        Raises:
            Exception: whatever the mutant raises.
        """
        module = self._module()
        module.mechanism = mechanism
        data = {
            name: t.detach().clone().requires_grad_() if t.is_floating_point() else t
            for name, t in self.inputs.items()
        }
        out = self.trial.run(module, data)
        differs = expected is not None and not close(out, expected)
        leaves = [t for t in data.values() if t.requires_grad] + list(module.parameters())
        if differs or not out.requires_grad:
            return out.detach(), torch.zeros(sum(leaf.numel() for leaf in leaves))
        direction = torch.randn(out.shape, generator=generator(3), dtype=out.dtype)
        gradients = torch.autograd.grad(
            (out * direction).sum(), leaves, allow_unused=True, materialize_grads=True
        )
        return out.detach(), torch.cat([g.flatten() for g in gradients])

    def _module(self) -> DefinedModule:
        """Return the definition's module; a new one only where a call changes its statistics."""
        if self.trial.case.train:
            return self.trial.module()  # type: ignore[return-value]
        return self._made

    @cached_property
    def _made(self) -> DefinedModule:
        return self.trial.module()  # type: ignore[return-value]

    def same(self, answers: Answers) -> bool:
        """Say whether a mutant's answers are the definition's."""
        return all(close(a, b) for a, b in zip(answers, self.wanted, strict=True))


def close(seen: torch.Tensor, wanted: torch.Tensor) -> bool:
    """Say whether two results are the same but for rounding."""
    return difference(seen, wanted) <= SAME * (_largest(wanted) or 1.0)


def calls_in(document: SpecDocument, mechanism: Mechanism, setting: Setting) -> list[Call]:
    """Return the cases of one setting; empty where the definition itself does not run in it."""
    subject, failure = prepare(document, setting.request("reference", mechanism))
    if failure is not None:
        return []
    calls = []
    for trial, inputs in _cases(subject):
        calls.append(Call(trial, inputs, mechanism))
    return calls


def _cases(subject: Subject) -> Iterator[tuple[Trial, Tensors]]:
    """Yield the base case first; then other sizes, values, modes and masks."""
    base = Trial(subject, subject.base())
    yield from _masked(base)
    for case in subject.lattice():
        if case.dims.get("C") == base.dims.get("C") and case.dims != base.dims:
            other = Trial(subject, case)
            yield from _masked(other)
    for values in ("ones", "ramp"):
        yield from _masked(base.with_case(values=values))
    large = base.with_case(seed=3)
    yield from (
        (t, {n: 30 * x if n in t.subject.convention.inputs else x for n, x in i.items()})
        for t, i in _masked(large)
    )
    yield from _masked(base.with_case(train=True, seed=1))


def _masked(trial: Trial) -> Iterator[tuple[Trial, Tensors]]:
    """Yield the trial with some keys hidden, where its call states a mask; else as it is."""
    inputs = trial.inputs()
    if not trial.subject.convention.masks:
        yield trial, inputs
        return
    for way in ways_of(trial.subject, trial)[0]:
        hidden = some_hidden(way, trial)
        yield trial, {**inputs, way.argument.input: encode(hidden, way, trial)}


def figures_of(answers: Answers) -> Figures:
    """Return sizes and rounded sums that tell one behaviour from another."""
    return tuple(_figures(t) for t in answers)


def tried(call: Call, mechanism: Mechanism) -> Answers | None:
    """Return a mutant's answers, None where it raises, also in the backward pass."""
    try:
        return call.answers(mechanism, call.wanted[0])
    except Exception:
        return None


def _figures(tensor: torch.Tensor) -> tuple[object, ...]:
    t = tensor.detach().double()
    if not t.numel():
        return (tuple(t.shape),)
    weights = torch.linspace(0.5, 1.5, t.numel(), dtype=torch.float64).reshape(t.shape)
    finite = t.nan_to_num(7.0, 8.0, 9.0)
    sums = (float((finite * weights).sum()), float(finite.square().sum()))
    return (tuple(t.shape), *(f"{value:.6e}" for value in sums))


def _largest(tensor: torch.Tensor) -> float:
    return float(tensor.abs().nan_to_num(0.0).max()) if tensor.numel() else 0.0
