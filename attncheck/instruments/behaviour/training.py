"""Train a module for a few steps from its own initialisation, and see what moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from attncheck.lazy import torch
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial

_RATE = 1e-2
_TINY = 1e-12
"""Far below any gradient that teaches, far above the rounding of one that is zero."""


@dataclass(frozen=True)
class Run:
    """What a few steps did.

    Attributes:
        moved: names of the parameters that changed.
        zero: names of those that were all zero at the start.
        frozen: names of those that ask for no gradient.
        all_names: every parameter's name.
        attached: the output was connected to some parameter.
    """

    moved: frozenset[str]
    zero: frozenset[str]
    frozen: frozenset[str]
    all_names: tuple[str, ...]
    attached: bool


def train(trial: Trial, seed: int, steps: int) -> Run:
    """Train on a random regression from the author's initialisation.

    Each parameter moves against its gradient by at most the rate, however small the gradient is.
    (An optimizer of torch would do, and costs seconds to import.)

    Raises:
        SubjectError: the module raises in forward or backward.
    """
    trial = trial.with_case(seed=trial.case.seed + seed)
    module = trial.module(initial=True)
    names = tuple(name for name, _ in module.named_parameters())
    start = {name: p.detach().clone() for name, p in module.named_parameters()}
    learnt = [p for p in module.parameters() if p.requires_grad and p.numel()]
    attached = False
    for step in range(steps):
        y = trial.run(module, trial.inputs(draw_seed=seed * steps + step))
        if not learnt or not y.requires_grad:
            break
        attached = True
        source = torch.Generator().manual_seed(step)
        target = torch.randn(y.shape, generator=source, dtype=torch.float64)
        with blamed("backward"):
            loss = (y - target.to(y)).square().mean()
            gradients = torch.autograd.grad(loss, learnt, allow_unused=True)
        _move(learnt, gradients)
    now = dict(module.named_parameters())
    return Run(
        moved=frozenset(
            name
            for name, before in start.items()
            if name in now and before.numel() and not torch.equal(now[name].detach(), before)
        ),
        zero=frozenset(n for n, p in start.items() if p.numel() and not bool(p.any())),
        frozen=frozenset(n for n, p in module.named_parameters() if not p.requires_grad),
        all_names=names,
        attached=attached,
    )


def _move(parameters: Sequence[torch.Tensor], gradients: Sequence[torch.Tensor | None]) -> None:
    with torch.no_grad():
        for parameter, gradient in zip(parameters, gradients, strict=True):
            if gradient is not None and bool(gradient.isfinite().all()):
                parameter.sub_(_RATE * gradient / (gradient.abs().max() + _TINY))


def matters(trial: Trial, name: str, draws: int = 3) -> bool:
    """Say whether a parameter can change the output at random parameters.

    A bias that a softmax or a normalisation takes out again does not; neither does one that is
    never used.
    """
    for seed in range(draws):
        module = trial.module(draw_seed=seed)
        inputs = trial.inputs(draw_seed=seed)
        parameters = dict(module.named_parameters())
        if name not in parameters or not parameters[name].numel():
            return False
        with torch.no_grad():
            before = trial.run(module, inputs)
            source = torch.Generator().manual_seed(seed)
            noise = torch.randn(parameters[name].shape, generator=source, dtype=torch.float64)
            parameters[name].add_(noise.to(parameters[name]))
            after = trial.run(module, inputs)
        if difference(before, after) > budget(before, after):
            return True
    return False


def trainable_trial(trial: Trial) -> Trial:
    """Return the trial in train mode, or in eval mode where training mode raises."""
    training = trial.with_case(train=True)
    try:
        with torch.no_grad():
            training.run(training.module(initial=True), training.inputs())
    except SubjectError:
        return trial.with_case(train=False)
    return training
