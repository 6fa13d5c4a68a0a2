"""Try a symmetry on a trial: the observation before, and after the input was changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from attncheck.instruments.behaviour.axes import few_cases, indices, places_of, resized
from attncheck.instruments.behaviour.gate import NoGateError, Observed, gated_inputs, observe, slack
from attncheck.instruments.behaviour.symmetries import Symmetry, moved_axes, symmetry
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import NEARLY
from attncheck.subject.trial import Trial

_DRAWS = 3
_CONTENT = 5
_LARGE = 1000.0
_WIDE = {"H": 27, "W": 31, "N": 41, "B": 1}
_NEAR = 9
"""Windows up to which that is wide enough."""


class NothingToMoveError(Exception):
    """The symmetry does nothing on this case."""


@dataclass(frozen=True)
class Moved:
    """One observation before and after, and how the first is expected to move."""

    before: torch.Tensor
    after: torch.Tensor
    axes: tuple[str, ...]
    drawn: Symmetry
    of: Observed

    def difference(self, *, alike: bool) -> tuple[float, float]:
        """Return the largest difference, and what rounding allows.

        Args:
            alike: compare with the moved observation (equivariance), else with the same one.
        """
        wanted = self.drawn.moves(self.before, self.axes) if alike else self.before
        after = self.after
        if wanted.shape != after.shape:
            return float("inf"), 0.0
        if self.drawn.name == "translation":
            wanted, after = self._inside(wanted), self._inside(after)
        change = float((after - wanted).abs().max())
        allowed = slack(self.of, self.before, self.after)
        # Symmetries hold up to small constants that authors add: a jitter against ties, an epsilon
        # in a denominator, a softmax done in single precision. Faults break them by far more.
        return change, max(allowed, NEARLY * float(self.before.abs().max()))

    def _inside(self, tensor: torch.Tensor) -> torch.Tensor:
        """Return what lies around the content, far from every border."""
        for axis in indices(self.axes, places_of(self.axes)):
            size = tensor.shape[axis]
            start = (size - _CONTENT) // 2 - 1
            tensor = tensor.narrow(axis, max(start, 0), min(_CONTENT + 4, size))
        return tensor


def moving_cases(subject: Subject, name: str) -> Iterator[Case]:
    """Yield the cases for a symmetry: a wide map or line for a translation."""
    if name != "translation":
        yield from few_cases(subject)
    elif (case := resized(subject, 0, **_wide(subject))) is not None:
        yield case


def _wide(subject: Subject) -> dict[str, int]:
    """Return sizes whose middle no window of the module's sees a border from."""
    kernels = [p.shape[2:] for p in subject.construct(subject.dims).parameters() if p.ndim > 3]
    more = max((max(sides) for sides in kernels), default=1) - _NEAR
    return {n: size + max(more, 0) * (n != "B") for n, size in _WIDE.items()}


def moved(trial: Trial, name: str, of: Observed, inputs: list[str]) -> Iterator[Moved]:
    """Yield observations under random parameters, before and after the inputs are changed.

    Args:
        trial: the subject on a case.
        name: the symmetry.
        of: what is looked at.
        inputs: the inputs that are changed alike.

    Raises:
        NothingToMoveError: the symmetry does nothing here.
        NoGateError: there is no gate to look at.
    """
    axes = trial.axes(inputs[0])
    sizes = dict(zip(axes, trial.sizes(axes), strict=True))
    along = moved_axes(name, axes)
    if name == "transposition":
        yield from _transposed(trial, of, inputs)
        return
    if name == "repetition":
        yield from _repeated(trial, of, inputs)
        return
    count = 1
    for axis in along:
        count *= sizes.get(axis, 1)
    if along and count < 2:
        raise NothingToMoveError("there is only one to move")
    for seed in range(_DRAWS):
        drawn = symmetry(name, axes, sizes, 13 * trial.case.seed + seed)
        module = trial.module(draw_seed=seed)
        start = gated_inputs(trial, seed, inputs[0])
        if name == "translation":
            start = {n: _content(t, trial.axes(n)) if n in inputs else t for n, t in start.items()}
        if name == "scale of large values":
            start = {n: _LARGE * t if n in inputs else t for n, t in start.items()}
        turned = {n: drawn.moves(t, trial.axes(n)) if n in inputs else t for n, t in start.items()}
        if of != "output" and name == "translation":
            raise NothingToMoveError("a gate cannot be seen where the input is zero")
        before = observe(trial, module, start, of, inputs[0])
        if of == "output" and before.shape != trial.sizes(trial.output_axes):
            raise NoGateError(f"the output has shape {tuple(before.shape)}: nothing moves alike")
        yield Moved(
            before,
            observe(trial, module, turned, of, inputs[0]),
            trial.output_axes if of == "output" else axes,
            drawn,
            of,
        )


def _content(tensor: torch.Tensor, axes: tuple[str, ...]) -> torch.Tensor:
    """Keep a small patch in the middle and set everything else to zero."""
    mask = torch.ones((), dtype=tensor.dtype)
    for axis in indices(axes, places_of(axes)):
        size = tensor.shape[axis]
        line = torch.zeros(size, dtype=tensor.dtype)
        start = max((size - _CONTENT) // 2, 0)
        line[start : start + _CONTENT] = 1
        mask = mask * line.reshape([size if i == axis else 1 for i in range(tensor.ndim)])
    return tensor * mask.to(tensor.device)


def _transposed(trial: Trial, of: Observed, inputs: list[str]) -> Iterator[Moved]:
    """Yield observations on a map and on its transpose, whose dims are exchanged."""
    if len(places_of(trial.axes(inputs[0]))) != 2:
        raise NothingToMoveError("the input is no map")
    h, w = trial.dims["H"], trial.dims["W"]
    if h != w:
        _one_module(trial, ("H", "W"))
    other = trial.with_case(dims={"H": w, "W": h})
    drawn = Symmetry("transposition", symmetry("transposition", ("H", "W"), {}, 0).moves)
    maps = [name for name in trial.inputs() if {"H", "W"} <= set(trial.axes(name))]
    yield from _resized(trial, other, drawn, of, maps)


def _repeated(trial: Trial, of: Observed, inputs: list[str]) -> Iterator[Moved]:
    """Yield observations on an input and on a larger one that repeats it, as tiles do."""
    axes = trial.axes(inputs[0])
    along = places_of(axes)
    _one_module(trial, along)
    drawn = symmetry("repetition", axes, {}, 0)
    times = drawn.moves(torch.zeros([1] * len(axes)), axes).shape
    sizes = {axis: trial.dims[axis] * times[axes.index(axis)] for axis in along}
    other = trial.with_case(dims=sizes)
    if any(other.dims[axis] != size for axis, size in sizes.items()):
        raise NothingToMoveError("the larger size is outside the domain")
    yield from _resized(trial, other, drawn, of, inputs)


def _one_module(trial: Trial, along: tuple[str, ...]) -> None:
    """Raise NothingToMoveError unless one module takes inputs of several sizes."""
    subject = trial.subject
    if not along or not set(along) <= subject.variable - subject.binding.follows:
        raise NothingToMoveError("the module is made for one size")


def _resized(
    trial: Trial, other: Trial, drawn: Symmetry, of: Observed, inputs: list[str]
) -> Iterator[Moved]:
    """Yield observations on a case, and on another case whose inputs are the first's, moved."""
    for seed in range(_DRAWS):
        start = gated_inputs(trial, seed, inputs[0])
        turned = {n: drawn.moves(t, trial.axes(n)) if n in inputs else t for n, t in start.items()}
        yield Moved(
            observe(trial, trial.module(draw_seed=seed), start, of, inputs[0]),
            observe(other, other.module(draw_seed=seed), turned, of, inputs[0]),
            trial.output_axes if of == "output" else trial.axes(inputs[0]),
            drawn,
            of,
        )


__all__ = ["Moved", "NoGateError", "NothingToMoveError", "moved", "moving_cases"]
