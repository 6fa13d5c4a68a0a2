"""Autograd's derivative is the derivative of what the module computes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.axes import training_case
from attncheck.instruments.behaviour.gradients import GradientDraw
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.sampling import generator
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Tensors, Trial

_DRAWS = 4
_STEP = 1e-5
_TOLERANCE = 1e-4


class FiniteDifferences(Claim, frozen=True, kw_only=True):
    """Autograd's directional derivatives equal central differences.

    ## What it checks
    In float64, along random directions through all parameters and inputs together: autograd's
    derivative against the central difference. Where two step sizes disagree the function has a
    kink there (ReLU, max pooling) and the draw does not count. If most of the others disagree,
    each tensor is looked at alone.

    ## Why it matters
    `.data`, `.detach()` in half of a product, writing into a tensor that backward needs: training
    follows a direction that is not the gradient, and nothing is raised.

    ## Example
    `x * gate.detach() + x.detach() * gate` in place of `x * gate`.
    """

    kind: ClassVar[str] = "finite-differences"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("gradient cut", "mutated")
    turn: ClassVar[int] = 1000
    faults: ClassVar[tuple[str, ...]] = ("autograd_inplace", "gradient_cut")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()
        yield training_case(subject)

    def check(self, trial: Trial) -> Outcome:
        if trial.dtype != torch.float64:
            return skipped("differences need float64, in which the module cannot compute")
        wrong: list[GradientDraw] = []
        right = 0
        for seed in range(_DRAWS):
            draw = GradientDraw.of(trial, seed)
            agrees = _agrees(draw, draw.tensors(), draw.gradients())
            if agrees is False:
                wrong.append(draw)
            right += agrees is True
            if 2 * right >= _DRAWS:
                break  # wrong ones cannot be more
        if len(wrong) >= 2 and len(wrong) > right:
            return _named(wrong[0])
        if right:
            return holds(draws=right)
        return undecided("the function has kinks at every point that was tried")


def _agrees(
    draw: GradientDraw, tensors: Tensors, gradients: dict[str, torch.Tensor | None]
) -> bool | None:
    """Say whether both derivatives agree along one direction; None at a kink."""
    told, measured, wider, scale = _derivatives(draw, tensors, gradients)
    if abs(measured - wider) > _TOLERANCE * scale:
        return None
    return abs(measured - told) <= _TOLERANCE * scale


def _derivatives(
    draw: GradientDraw, tensors: Tensors, gradients: dict[str, torch.Tensor | None]
) -> tuple[float, float, float, float]:
    """Return autograd's derivative, two central differences, and the size they are judged by."""
    source = generator(60_223)
    moves: Tensors = {}
    parts: list[float] = []
    for name, tensor in tensors.items():
        size = float(tensor.detach().square().mean().sqrt()) + 0.1
        move = size * torch.randn(tensor.shape, generator=source, dtype=torch.float64)
        moves[name] = move.to(tensor)
        gradient = gradients[name]
        parts.append(0.0 if gradient is None else float((gradient * moves[name]).sum()))
    starts = {name: tensor.detach().clone() for name, tensor in tensors.items()}

    def at(step: float) -> float:
        with torch.no_grad():
            for name, tensor in tensors.items():
                tensor.copy_(starts[name] + step * moves[name])
        value = float(draw.value().detach())
        with torch.no_grad():
            for name, tensor in tensors.items():
                tensor.copy_(starts[name])
        return value

    def slope(step: float) -> float:
        return (at(step) - at(-step)) / (2 * step)

    measured, wider = slope(_STEP), slope(4 * _STEP)
    scale = max(sum(abs(p) for p in parts), abs(measured), 1e-5 * (1 + abs(at(0.0))))
    return sum(parts), measured, wider, scale


def _named(draw: GradientDraw) -> Outcome:
    """Return the violation, naming the tensors whose own derivative is wrong."""
    gradients = draw.gradients()
    lines: list[str] = []
    names: list[str] = []
    for name, tensor in draw.tensors().items():
        told, measured, wider, scale = _derivatives(draw, {name: tensor}, gradients)
        smooth = abs(measured - wider) <= _TOLERANCE * scale
        if smooth and abs(measured - told) > _TOLERANCE * scale:
            names.append(name)
            lines.append(f"'{name}' {told:.4g} where the output changes by {measured:.4g}")
    return violated(
        "the gradient is not that of the output: " + ("; ".join(lines[:3]) or "all together"),
        expected="autograd's derivative equal to the central difference",
        seen=lines[0] if lines else "a difference along every direction tried",
        parameters=[name for name in names if not name.startswith("input ")],
        inputs=[name[6:] for name in names if name.startswith("input ")],
    )
