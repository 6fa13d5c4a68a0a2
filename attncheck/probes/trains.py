"""A few steps of training from the module's own initialisation move what should learn."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from attncheck.instruments.behaviour.axes import resized
from attncheck.instruments.behaviour.flags import learns_with
from attncheck.instruments.behaviour.training import Run, matters, train, trainable_trial
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_SEEDS = 2
_MOST_SEEDS = 8
_MOST_NAMED = 6


class Trains(Claim, frozen=True, kw_only=True):
    """Every parameter that can change the output learns, starting from the author's own values.

    ## What it checks
    A few steps of gradient descent on a random regression, in train mode, from the module's own
    initialisation, again with up to eight seeds. A parameter that changes the output when all
    parameters are random, and that never moves, is accused: it waits behind two zeros, behind a
    frozen zero, or behind a `detach`. One zero is fine: a `gamma = 0` moves in the first step,
    and what stands behind it in the second. A frozen parameter is accused of nothing itself; a
    bias that a softmax takes out again is not either.

    ## Why it matters
    A zero-initialised last layer behind a zero-initialised scale gets no gradient, ever: the
    block is the identity for the whole training, and its accuracy is the backbone's.

    ## Example
    `x + gamma * self.out(y)` with `gamma = 0` and `nn.init.zeros_(self.out.weight)`.
    """

    kind: ClassVar[str] = "trains"
    located_by: ClassVar[tuple[str, ...]] = ("gradient cut", "zero start", "named")
    turn: ClassVar[int] = 250
    faults: ClassVar[tuple[str, ...]] = ("never_trains",)

    steps: int = 4
    """Steps of training; two zero scales one inside the other need one each."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield resized(subject, 0, B=4) or subject.base()

    def check(self, trial: Trial) -> Outcome:
        if trial.case.values != "normal":
            return skipped("training uses random values")
        tried = trainable_trial(trial)
        runs: list[Run] = []
        still: set[str] = set()
        for seed in range(_MOST_SEEDS):
            runs.append(train(tried, seed, self.steps))
            still = set(runs[0].all_names) - set[str]().union(*(run.moved for run in runs))
            still -= runs[0].frozen
            if seed + 1 >= _SEEDS and not still:
                break
        names = runs[0].all_names
        if not names:
            return skipped("the module has no parameters")
        if set(names) == runs[0].frozen:
            return _all_frozen(tried, names)
        stuck = [name for name in names if name in still and matters(tried, name)]
        if stuck and trial.subject.as_it_is:
            stuck = _stuck_when_drawn(trial, stuck)
        if not stuck:
            return holds(f"all {len(names) - len(runs[0].frozen)} parameters that matter move")
        if switch := learns_with(tried, stuck):
            few = ", ".join(stuck[:_MOST_NAMED])
            return undecided(f"{few} learn from what forward returns with {switch} alone")
        trained = f"{len(runs)} trainings of {self.steps} steps"
        return _stuck(runs[0], stuck, trained, len(names))


def _stuck_when_drawn(trial: Trial, stuck: list[str]) -> list[str]:
    """Return those that start at zero, or get no gradient in any other state either.

    An instance has one state alone: a few units of it may be dead as they happened to be drawn.
    """
    heard: set[str] = set()
    for seed in range(_MOST_SEEDS):
        module = trial.module(draw_seed=seed)
        drawn = {name: p for name, p in module.named_parameters() if name in stuck}
        source = torch.Generator().manual_seed(seed)
        with torch.no_grad():
            for p in drawn.values():
                p.add_(torch.randn(p.shape, generator=source, dtype=torch.float64).to(p))
        loss = trial.run(module, trial.inputs(draw_seed=seed)).square().sum()
        grads = torch.autograd.grad(loss, [*drawn.values()], allow_unused=True)
        pairs = zip(drawn, grads, strict=True)
        heard |= {name for name, grad in pairs if grad is not None and bool(grad.any())}
    found = trial.subject.construct(trial.dims).named_parameters()
    zeros = {name for name, parameter in found if not bool(parameter.detach().any())}
    return [name for name in stuck if name in zeros or name not in heard]


def _stuck(run: Run, stuck: list[str], trained: str, total: int) -> Outcome:
    count = len(stuck)
    named = ", ".join(stuck[:_MOST_NAMED]) + (", …" if count > _MOST_NAMED else "")
    zeros = [name for name in run.all_names if name in run.zero]
    evidence: dict[str, Any] = {"unchanged": stuck, "zero": zeros, "frozen": sorted(run.frozen)}
    frozen_zeros = [name for name in zeros if name in run.frozen]
    stuck_zeros = [name for name in zeros if name in stuck and name not in run.frozen]
    if frozen_zeros:
        reason = f": {frozen_zeros[0]} is zero and frozen"
    elif len(stuck_zeros) > 1:
        reason = f": {' and '.join(stuck_zeros[:2])} both start at zero, so neither gets a gradient"
    elif not run.attached:
        reason = ": the output is not connected to any parameter"
    else:
        reason = ": no gradient comes to them"
    return violated(
        f"in {trained} from the module's own initialisation {count} of {total} parameters "
        f"never change ({named}){reason}",
        expected="every parameter that can change the output learns",
        seen=f"{count} of {total} never change",
        **evidence,
    )


def _all_frozen(trial: Trial, names: tuple[str, ...]) -> Outcome:
    used = [name for name in names if matters(trial, name)]
    if not used:
        return skipped("no parameter can change the output")
    return violated(
        f"every parameter is frozen (requires_grad=False), {used[0]} among them",
        expected="parameters that learn",
        seen="none asks for a gradient",
        unchanged=used,
        frozen=list(names),
    )
