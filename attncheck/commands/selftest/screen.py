"""Sort the mutants of a reference: invalid, equivalent, alike, and those that must be found.

What a definition computes, as figures, tells mutants from it and from each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from attncheck.catalogue import load
from attncheck.commands.selftest.settings import settings_of
from attncheck.commands.selftest.targets import MutatedMechanism, definition_of, mutated
from attncheck.instruments.attention.masks import encode, some_hidden
from attncheck.instruments.attention.offers import ways_of
from attncheck.lazy import torch
from attncheck.mutation.making import mutants_of
from attncheck.subject.prepare import prepare
from attncheck.subject.sampling import generator
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import difference
from attncheck.subject.trial import Tensors, Trial

if TYPE_CHECKING:
    from attncheck.commands.selftest.settings import Setting
    from attncheck.reference.mechanism import DefinedModule, Mechanism
    from attncheck.spec import SpecDocument


SAME = 1e-9
"""Relative difference up to which a mutant computes what the definition computes."""

Answers = tuple["torch.Tensor", "torch.Tensor"]
"""An output, and its gradients side by side."""

Figures = tuple[object, ...]
"""A behaviour: mutants with the same figures compute the same."""


@dataclass
class ScreeningCall:
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


def calls_in(document: SpecDocument, mechanism: Mechanism, setting: Setting) -> list[ScreeningCall]:
    """Return the cases of one setting; empty where the definition itself does not run in it."""
    subject, failure = prepare(document, setting.request("reference", mechanism))
    if failure is not None:
        return []
    calls = []
    for trial, inputs in _cases(subject):
        calls.append(ScreeningCall(trial, inputs, mechanism))
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


def tried(call: ScreeningCall, mechanism: Mechanism) -> Answers | None:
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


@dataclass(frozen=True)
class Screened:
    """What one mutant is.

    ``kind`` is ``invalid`` (it raises on the base case of a setting), ``equivalent`` (it computes
    what the definition computes, gradients too, on every case of every setting), ``alike`` (it
    computes what mutant ``as_`` computes), or ``distinct``, seen in ``setting``.
    """

    index: int
    kind: str
    setting: int = 0
    as_: int = -1


def screen(spec: str) -> Iterator[Screened]:
    """Yield every mutant of a spec's reference, most telling operators first."""
    mechanism = definition_of(spec)
    if mechanism is None:
        return
    document = load(spec).document
    settings = settings_of(document, mechanism)
    calls = [calls_in(document, mechanism, setting) for setting in settings]
    known: dict[object, int] = {}
    for index in range(len(mutants_of(mechanism))):
        yield _sorted(index, mutated(spec, index), calls, known)


def _sorted(
    index: int, mutant: MutatedMechanism, calls: list[list[ScreeningCall]], known: dict[object, int]
) -> Screened:
    """Compare on the base case of every setting first: that tells most mutants."""
    runs = [number for number, cases in enumerate(calls) if cases]
    for number in list(runs):
        answers = tried(calls[number][0], mutant)
        if answers is None:
            runs.remove(number)  # it does not run in this setting at all
        elif not calls[number][0].same(answers):
            return _seen(index, number, 0, answers, mutant, calls, known)
    if len(runs) < sum(1 for cases in calls if cases):
        return Screened(index, "invalid")
    for number in runs:
        for position, call in enumerate(calls[number][1:], start=1):
            answers = tried(call, mutant)
            if answers is None or not call.same(answers):
                return _seen(index, number, position, answers, mutant, calls, known)
    return Screened(index, "equivalent")


def _seen(
    index: int,
    setting: int,
    position: int,
    answers: Answers | None,
    mutant: MutatedMechanism,
    calls: list[list[ScreeningCall]],
    known: dict[object, int],
) -> Screened:
    """Say whether another mutant behaves like this one, in the same setting."""
    others = [tried(call, mutant) for call in calls[setting][-3:]]
    figures = [None if a is None else figures_of(a) for a in (answers, *others)]
    as_ = known.setdefault((setting, position, *figures), index)
    return Screened(index, "distinct" if as_ == index else "alike", setting, as_)
