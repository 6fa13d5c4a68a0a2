"""A module as ``torch.export`` makes a program of it: for which sizes, and what was fixed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from attncheck.data.report import Location
from attncheck.instruments.behaviour.axes import PLACES, draws_at_random
from attncheck.instruments.behaviour.symbolic import Fixed, fixed_sizes, guarded_line, quiet
from attncheck.lazy import torch
from attncheck.subject.claim import Outcome, violated
from attncheck.subject.raising import SubjectError, blamed, first_line
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial

_MORE = (1, 4, 9)
"""By how much an axis grows: what is cut into windows takes some of these, or twice its size."""
Leaf = tuple[int, int]
"""Which tensor of a call, and which of its axes."""


@dataclass
class Program:
    """An exported program.

    Attributes:
        made: the program itself, torch's.
        run: a module that runs it.
        held: for each axis that was to vary, the size that it holds now: None where any.
        fixed: the sizes that were made numbers of, with the lines.
        guards: what it asks of sizes, as sympy's expressions, each with the place it was asked.
    """

    made: Any
    run: Any
    held: dict[str, int | None]
    fixed: list[Fixed] = field(default_factory=list)
    guards: list[tuple[Any, str]] = field(default_factory=list)
    symbols: dict[str, Any] = field(default_factory=dict)

    def line_of(self, size: int) -> Location | None:
        """Return the line that fixed a size."""
        lines = [one.location for one in self.fixed if one.size == size]
        return next((line for line in lines if line is not None), None)

    def line_against(self, trial: Trial) -> Location | None:
        """Return the line that asked of the sizes what those of a trial do not meet."""
        sizes = {symbol: trial.dims[axis] for axis, symbol in self.symbols.items()}
        for expression, place in self.guards:
            with suppress(Exception):
                line = guarded_line(f"({place}", trial.subject)
                if line is not None and str(expression.subs(sizes)) == "False":
                    return line
        return None


def grown(trial: Trial, module: torch.nn.Module) -> tuple[list[str], list[Trial]]:
    """Return the axes at whose other sizes the module works as it is, and two trials of others."""
    subject = trial.subject
    sizes: dict[str, list[int]] = {}
    for axis in ("B", *PLACES):
        if axis not in subject.variable or axis not in trial.dims:
            continue
        size = trial.dims[axis]
        wanted = [size + more for more in _MORE] + [2 * size, 3 * size]
        works = [n for n in wanted if _works(trial, module, {axis: n})]
        if works:
            sizes[axis] = [works[0], works[-1]]
    found = [{axis: two[at] for axis, two in sizes.items()} for at in (0, 1)]
    others = [trial.with_case(dims=dims) for dims in found if _works(trial, module, dims)]
    if sizes and not others:  # not together
        others = [trial.with_case(dims={a: n}) for a, two in sizes.items() for n in two]
    return list(sizes), others


def _works(trial: Trial, module: torch.nn.Module, dims: Mapping[str, int]) -> bool:
    other = trial.with_case(dims=dims)
    if not dims or not trial.subject.in_domain(other.dims):
        return False
    try:
        with torch.no_grad():
            other.run(module, other.inputs())
    except SubjectError:
        return False
    return True


def exported(trial: Trial, axes: Iterable[str]) -> Program:
    """Export a fresh module, called as on this trial, for any size of these axes.

    Raises:
        SubjectError: nothing comes of it; the phase is ``forward``.
    """
    from torch.export import Dim, export
    from torch.export.dynamic_shapes import ShapesCollection

    positional, keyword = trial.arguments(trial.inputs())
    places = {axis: list(_places(trial, axis)) for axis in axes}
    tensors = _tensors(positional, keyword)
    shapes: Any = ShapesCollection()  # type: ignore[no-untyped-call,unused-ignore]
    for at, tensor in enumerate(tensors):
        free = {a for found in places.values() for one, a in found if one == at}
        shapes[tensor] = {a: Dim.AUTO if a in free else Dim.STATIC for a in range(tensor.ndim)}
    module = trial.module()
    with quiet(), torch.no_grad(), fixed_sizes() as fixed, blamed("forward"):
        made = export(module, tuple(positional), keyword, dynamic_shapes=shapes, strict=False)
        run = made.module()
    sizes = _sizes_of(made)
    program = Program(made, run, {}, fixed)
    for axis, found in places.items():
        for at, position in found:
            size = sizes[at][position] if at < len(sizes) else None
            node: Any = getattr(size, "node", None)
            if node is not None and not node.expr.is_number:
                program.held.setdefault(axis, None)
                program.symbols[axis] = node.expr
                program.guards = [(g.expr, str(g.sloc)) for g in node.shape_env.guards]
            elif size is not None:
                program.held[axis] = int(size)
    return program


def _tensors(positional: list[Any], keyword: dict[str, Any]) -> list[torch.Tensor]:
    return [t for t in [*positional, *keyword.values()] if isinstance(t, torch.Tensor)]


def _places(trial: Trial, axis: str) -> Iterator[Leaf]:
    """Yield where an axis stands among the tensors of a call, whatever their layout."""
    other = trial.with_case(dims={axis: trial.dims[axis] + 1})
    calls = [_tensors(*one.arguments(one.inputs())) for one in (trial, other)]
    for at, (now, then) in enumerate(zip(*calls, strict=False)):
        for position, (before, after) in enumerate(zip(now.shape, then.shape, strict=False)):
            if before != after:
                yield at, position


def _sizes_of(program: Any) -> list[tuple[Any, ...]]:
    """Return the sizes that a program takes, tensor by tensor: numbers, or symbols."""
    names = set(program.graph_signature.user_inputs)
    held = [node.meta.get("val") for node in program.graph.nodes if node.name in names]
    return [tuple(value.shape) for value in held if isinstance(value, torch.Tensor)]


def speechless(trial: Trial, module: torch.nn.Module) -> str:
    """Return why an export would tell nothing of the module, "" where it would."""
    form = trial.subject.convention.form
    if form is not None and form.unbatched:
        return "it is called with one sample at a time"
    if draws_at_random(trial, module):
        return "it draws at random in eval mode: exported, it draws other numbers"
    return ""


@dataclass(frozen=True)
class Unlike:
    """A call on which what was made of a module is not what the module is.

    Attributes:
        trial: the call.
        change: by how much the output differs.
        raised: what was raised instead of one.
    """

    trial: Trial
    change: float = 0.0
    raised: SubjectError | None = None

    def said(self, subject: str, axes: Iterable[str]) -> Outcome:
        """Return the violation: ``the exported program`` raises, or gives something else."""
        at = ", ".join(f"{n}={self.trial.dims[n]}" for n in sorted(axes))
        if self.raised is not None:
            words = f"raises at {at}: {first_line(self.raised.error)}"
            seen = type(self.raised.error).__name__
        else:
            words = f"gives an output at {at} that differs by {self.change:.3g}"
            seen = f"a difference of {self.change:.3g}"
        return violated(f"{subject} {words}", expected="what the module gives", seen=seen)


def first_unlike(
    trial: Trial, made: Any, module: torch.nn.Module, others: Iterable[Trial]
) -> Unlike | None:
    """Return the first call that tells them apart: other values, then at other sizes.

    Args:
        trial: the call that was exported.
        made: what came of it, called as the module.
        module: the module itself.
        others: calls of other sizes.
    """
    for other, draw in [(trial, 1), *((other, 0) for other in others)]:
        inputs = other.inputs(draw_seed=draw)
        with torch.no_grad():
            expected = other.run(module, inputs)
            try:
                found = other.run(made, inputs)
            except SubjectError as error:
                return Unlike(other, raised=error)
        if (change := difference(expected, found)) > budget(expected):
            return Unlike(other, change)
    return None
