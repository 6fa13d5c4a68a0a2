"""Which axes of a tensor are places and which hold channels, and the cases that follow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.sampling import seed_everything
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import close
from attncheck.subject.trial import Trial

PLACES = ("H", "W", "N", "M", "G", "T", "S", "L")
"""Axes along which places (pixels, tokens) lie."""


def places_of(axes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the axes of places, in their order: ``("H", "W")``, ``("N",)``."""
    return tuple(axis for axis in axes if axis in PLACES)


def channel_of(axes: tuple[str, ...]) -> str:
    """Return the axis of channels, or ``""`` where there is none."""
    rest = [axis for axis in axes if axis not in PLACES and axis not in ("B", "1")]
    return rest[-1] if rest else ""


def indices(axes: tuple[str, ...], named: Iterable[str]) -> tuple[int, ...]:
    """Return where the named axes stand."""
    return tuple(axes.index(name) for name in named)


def resized(subject: Subject, seed: int, **sizes: int) -> Case | None:
    """Return the base case with these sizes where they may vary; None outside the domain."""
    wanted = {name: size for name, size in sizes.items() if name in subject.variable}
    case = subject.base(dims=wanted, seed=seed)
    return case if subject.in_domain(case.dims) else None


def few_cases(subject: Subject, **first: int) -> list[Case]:
    """Return two cases: the base (with the sizes of ``first``), and one taller than wide."""
    cases = [
        resized(subject, 0, **first) or subject.base(),
        resized(subject, 1, H=9, W=5, N=12, M=7),
    ]
    return [case for case in cases if case is not None]


def training_case(subject: Subject, **changes: Any) -> Case:
    """Return the base case in training mode, with at least two samples.

    A batch of one is the business of a claim of its own.
    """
    dims = {"B": max(2, subject.dims["B"])} if "B" in subject.dims else {}
    return subject.base(dims=dims, train=True, **changes)


def draws_at_random(trial: Trial, module: torch.nn.Module) -> bool:
    """Say whether the output depends on the state of torch's generator."""
    inputs = trial.inputs()
    outputs = []
    with torch.no_grad():
        for seed in (11, 12):
            copies = {name: tensor.clone() for name, tensor in inputs.items()}
            seed_everything(seed, trial.case.device)
            outputs.append(trial.call(module, copies).main)
    return not close(*outputs)
