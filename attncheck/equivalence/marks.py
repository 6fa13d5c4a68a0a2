"""Values told whatever their shape and order, so that a subject's can be found in a definition."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.comparison import Probe, reference_output
from attncheck.lazy import torch
from attncheck.source.tracing import tracing
from attncheck.subject.dispatcher import watching
from attncheck.subject.raising import SubjectError

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

Mark = tuple[int, float, float, float]
"""A tensor whatever its shape and order: entries, mean, mean square and largest value."""


def mark(tensor: torch.Tensor) -> Mark:
    """Return the mark of a tensor of real numbers or of truth values."""
    t = tensor.detach().double()
    if t.numel() == 0:
        return 0, 0.0, 0.0, 0.0
    figures = (t.mean(), t.square().mean(), t.max())
    mean, square, largest = (float(f"{float(figure):.9e}") for figure in figures)
    return t.numel(), mean, square, largest


def steps_of(
    function: Callable[..., Any],
    mechanism: Mechanism,
    binding: Assignment,
    probe: Probe,
    module: torch.nn.Module,
) -> list[tuple[int, Mark]]:
    """Return (line, value) of every step of the definition, or of a mutant ``function`` of it.

    The definition's lines are those of its file, a mutant's those of its own source.
    """
    path = function.__code__.co_filename
    with tracing(_Only(path)) as steps:  # type: ignore[arg-type]
        reference_output(mechanism, binding, probe, module, probe.inputs, function)
    return [
        (step.line, mark(value.tensor))
        for step in steps
        for value in step.values.values()
        if value.tensor.numel() > 1
    ]


def made_by_subject(probe: Probe, module: torch.nn.Module) -> set[Mark]:
    """Return the marks of everything that the subject's operators make on the probe."""
    made: set[Mark] = set()

    def see(mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        found = operator(*args, **kwargs)
        for tensor in found if isinstance(found, (tuple, list)) else (found,):
            if isinstance(tensor, torch.Tensor) and tensor.numel() > 1 and not tensor.is_complex():
                made.add(mark(tensor))
        return found

    try:
        with torch.no_grad(), watching(see):
            probe.trial.run(module, probe.inputs)
    except SubjectError:
        return set()
    return made


class _Only:
    """The one file of a definition, for the tracer."""

    def __init__(self, path: str) -> None:
        self._path = path

    def __contains__(self, path: str) -> bool:
        return path == self._path
