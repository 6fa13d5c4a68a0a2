"""Compare subject and reference on one trial: outputs, and gradients of inputs and parameters."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.bound import run_reference
from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.sampling import generator, turn_scales
from attncheck.subject.tolerance import difference
from attncheck.subject.trial import Tensors, Trial

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism


@dataclass(frozen=True)
class Difference:
    """How far subject and reference are apart: relative to the reference's largest value.

    ``decided`` is False where the reference itself says nothing (it raises or gives NaN).
    """

    relative: float
    what: str = "output"
    decided: bool = True
    note: str = ""


@dataclass(frozen=True)
class Probe:
    """One comparison: a trial, the subject's inputs, and what the reference gets for its mask.

    Attributes:
        name: as the report names it.
        trial: how the subject is called.
        inputs: the subject's inputs, masks in the subject's own convention.
        hidden: (B, N, M), True where a key is hidden; None without a mask.
        gradients: compare gradients of data inputs and parameters, not only outputs.
        turned: scales of norms have both signs.
        bare: parameters that are the scales of norms which the subject writes out.
    """

    name: str
    trial: Trial
    inputs: Tensors
    hidden: torch.Tensor | None = None
    gradients: bool = False
    turned: bool = False
    bare: tuple[str, ...] = ()

    def module(self, draw_seed: int = 0) -> torch.nn.Module:
        """Return the subject's module with the parameters of this comparison."""
        module = self.trial.module(draw_seed=draw_seed)
        if self.turned:
            turn_scales(module, self.bare)
        return module

    @property
    def data(self) -> list[str]:
        """The names of the data inputs, without masks."""
        return [name for name in self.trial.subject.convention.inputs if name in self.inputs]

    @property
    def smooth(self) -> list[str]:
        """The names of the data inputs that may have a gradient: those of real numbers."""
        return [name for name in self.data if self.inputs[name].is_floating_point()]


def compare(
    mechanism: Mechanism,
    assignment: Assignment,
    probe: Probe,
    module: torch.nn.Module,
    function: Callable[..., Any] | None = None,
    seen: torch.Tensor | None = None,
) -> Difference:
    """Return the difference between subject and reference, or a mutant ``function`` of it.

    ``seen`` is the subject's output on the probe, where it is known; not with gradients.
    """
    inputs = dict(probe.inputs)
    if probe.gradients:
        inputs |= {n: inputs[n].detach().clone().requires_grad_() for n in probe.smooth}
    wanted = reference_output(mechanism, assignment, probe, module, inputs, function)
    if wanted is None or (probe.gradients and not wanted.requires_grad):
        return Difference(0.0, decided=False, note="the reference says nothing here")
    try:
        seen = probe.trial.run(module, inputs) if seen is None else seen
    except SubjectError as error:
        return Difference(float("inf"), note=str(error))
    wanted = _where_nobody_looks(_without_ones(wanted, seen), seen, probe)
    if not probe.gradients or seen.shape != wanted.shape:
        return Difference(relative(seen, wanted))
    return _of_gradients(seen, wanted, {n: inputs[n] for n in probe.smooth}, module)


def _where_nobody_looks(wanted: torch.Tensor, seen: torch.Tensor, probe: Probe) -> torch.Tensor:
    """Return what is wanted, with the subject's own rows where it blanks those of padded tokens.

    What attention gives to a token that is padding itself is nobody's business: some modules
    hold one vector there, zeros or a bias, in place of what such a query would see.
    """
    hidden = probe.hidden
    if hidden is None or len(probe.data) > 1 or seen.shape != wanted.shape or seen.ndim != 3:
        return wanted
    if not hidden.shape[1] == hidden.shape[2] == seen.shape[1]:
        return wanted
    padding = hidden.all(1)  # keys that no query of the sample sees
    rows = seen.detach()[padding]
    if len(rows) < 2 or not bool((rows == rows[0]).all()):
        return wanted
    return torch.where(padding[:, :, None], seen, wanted)


def reference_output(
    mechanism: Mechanism,
    assignment: Assignment,
    probe: Probe,
    module: torch.nn.Module,
    inputs: Tensors,
    function: Callable[..., Any] | None = None,
) -> torch.Tensor | None:
    """Return the output of the reference, or of a mutant; None where it raises or is not finite.

    What is not finite proves nothing of the reference, and it is how some mutants fail.
    """
    data = [inputs[name] for name in probe.data]
    dims = probe.trial.dims
    try:
        wanted = run_reference(
            mechanism, assignment, module, data, dims, hidden=probe.hidden, function=function
        )
        finite = bool(wanted.detach().isfinite().all())
    except Exception:
        return None
    return wanted if finite or function is not None else None


def _of_gradients(
    seen: torch.Tensor, wanted: torch.Tensor, data: Tensors, module: torch.nn.Module
) -> Difference:
    """Compare the gradients of a random projection of both outputs."""
    if not seen.requires_grad:
        return Difference(float("inf"), "gradient", note="the output has no gradient")
    direction = torch.randn(wanted.shape, generator=generator(5), dtype=wanted.dtype)
    # A mask may be kept in a parameter of booleans: nothing flows into one.
    learnt = {n: p for n, p in module.named_parameters() if p.dtype != torch.bool}
    leaves = {**data, **learnt}
    try:
        theirs = _gradients(seen, direction, list(leaves.values()))
    except RuntimeError as error:
        note = f"its backward pass raises: {first_line(error)}"
        return Difference(float("inf"), "gradient", note=note)
    ours = _gradients(wanted, direction, list(leaves.values()))
    scale = max((float(g.abs().max()) for g in ours if g.numel()), default=1.0) or 1.0
    worst, where = 0.0, ""
    for name, a, b in zip(leaves, theirs, ours, strict=True):
        gap = float((a - b).abs().max()) / scale if a.numel() else 0.0
        if not gap <= worst:
            worst, where = gap, name
    return Difference(worst, f"gradient of {where}" if where else "gradient")


def relative(seen: torch.Tensor, wanted: torch.Tensor) -> float:
    """Return the largest difference over the reference's largest value."""
    wanted = _without_ones(wanted, seen)
    if seen.shape != wanted.shape:
        return float("inf")
    if not wanted.numel():
        return 0.0
    scale = float(wanted.detach().nan_to_num(0.0, 0.0, 0.0).abs().max())
    return difference(seen, wanted) / (scale or 1.0)


def _without_ones(wanted: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
    """Return what is wanted with the axes of size one that the subject's output has."""
    same = [n for n in wanted.shape if n != 1] == [n for n in seen.shape if n != 1]
    return wanted.reshape(seen.shape) if same and wanted.ndim != seen.ndim else wanted


def _gradients(
    output: torch.Tensor, direction: torch.Tensor, leaves: list[torch.Tensor]
) -> list[torch.Tensor]:
    wanted = [leaf for leaf in leaves if leaf.requires_grad]
    found = torch.autograd.grad(
        (output * direction).sum(), wanted, allow_unused=True, materialize_grads=True
    )
    by_id = {id(leaf): gradient for leaf, gradient in zip(wanted, found, strict=True)}
    return [by_id.get(id(leaf), torch.zeros_like(leaf)) for leaf in leaves]
