"""Every parameter and every data input gets gradient."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import ClassVar

from attncheck.instruments.behaviour.axes import draws_at_random, training_case
from attncheck.instruments.behaviour.gradients import GradientDraw, moves_output
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_DRAWS = 3


class GradientFlow(Claim, frozen=True, kw_only=True):
    """Whatever moves the output gets gradient from it.

    ## What it checks
    Gradients of the output, projected on random vectors, for every entry of every parameter and
    data input, over several draws in eval and in training mode. Entries that never got any are
    then moved a little: if the output moves too, the gradient is cut. What moves nothing, as the
    bias of keys before a softmax does by mathematics, is no matter of this claim. Frozen
    parameters keep their author's value: one that is zero must not keep others from learning.

    ## Why it matters
    A gate that goes through `.data`, scores computed under `no_grad`, a frozen `gamma = 0`: the
    module trains without complaint, and part of it never changes.

    ## Example
    `gate = self.fc(z.data)`; `self.gamma.requires_grad = False`.
    """

    kind: ClassVar[str] = "gradient-flow"
    located_by: ClassVar[tuple[str, ...]] = ("gradient cut", "named", "zero start")
    turn: ClassVar[int] = 210
    faults: ClassVar[tuple[str, ...]] = (
        "autograd_inplace",
        "dead_parameter",
        "gradient_cut",
        "never_trains",
    )

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        seen = _look(trial)
        if seen.error is not None and not seen.draws:
            return undecided(str(seen.error))
        if any(draws_at_random(d.trial, d.module) for d in seen.draws if not d.trial.case.train):
            return skipped("the module draws at random in eval mode")
        if cut := _cut(seen):
            said = ", ".join(_part(name, where) for name, where in cut.items())
            return violated(
                f"{said}: the output follows every change, and no gradient comes back",
                expected="a gradient",
                seen="none in any of several draws, in eval and in training mode",
                parameters=[name for name in cut if not name.startswith("input ")],
                inputs=[name[6:] for name in cut if name.startswith("input ")],
            )
        return _held_by_frozen(trial, seen) or holds()


@dataclass
class _Seen:
    """The draws, and which entries never got gradient in any of them."""

    draws: list[GradientDraw] = field(default_factory=list)
    untouched: dict[str, torch.Tensor] = field(default_factory=dict)
    error: SubjectError | None = None


def _look(trial: Trial, *, keep_frozen: bool = True) -> _Seen:
    seen = _Seen()
    train = Trial(trial.subject, training_case(trial.subject, seed=trial.case.seed))
    for mode in (trial.with_case(train=False), train):
        for seed in range(_DRAWS):
            try:
                draw = GradientDraw.of(mode, seed, keep_frozen=keep_frozen)
                gradients = draw.gradients()
            except SubjectError as error:
                seen.error = error
                break
            seen.draws.append(draw)
            for name, tensor in draw.tensors().items():
                gradient = gradients[name]
                none = (
                    torch.ones_like(tensor, dtype=torch.bool) if gradient is None else gradient == 0
                )
                before = seen.untouched.get(name)
                same = before is not None and before.shape == none.shape
                seen.untouched[name] = before & none if same and before is not None else none
    seen.untouched = {n: mask for n, mask in seen.untouched.items() if bool(mask.any())}
    return seen


def _cut(seen: _Seen) -> dict[str, torch.Tensor]:
    """Return the tensors, and which of their entries, that move the output without gradient."""
    found: dict[str, torch.Tensor] = {}
    for name, mask in seen.untouched.items():
        moved = 0
        for draw in seen.draws:
            tensor = draw.tensors().get(name)
            if tensor is not None and tensor.shape == mask.shape:
                moved += moves_output(draw, tensor, mask)
            if moved >= 2:
                found[name] = mask
                break
    return found


def _held_by_frozen(trial: Trial, seen: _Seen) -> Outcome | None:
    """Find learning parameters that get gradient only once a frozen zero is changed."""
    frozen = [
        name
        for name, p in trial.module(initial=True).named_parameters()
        if not p.requires_grad and p.is_floating_point() and not bool(p.detach().any())
    ]
    silent = [n for n, mask in seen.untouched.items() if bool(mask.all())]
    if not frozen or not silent:
        return None
    freed = _look(trial, keep_frozen=False)
    held = [n for n in silent if not (n in freed.untouched and bool(freed.untouched[n].all()))]
    if not held:
        return None
    return violated(
        f"'{frozen[0]}' is zero and takes no gradient: {_listed(held)} can never learn",
        expected="a gradient for every parameter",
        seen=f"none for {len(held)} of them",
        parameters=[frozen[0]],
        held=held,
    )


def _part(name: str, mask: torch.Tensor) -> str:
    """Name a tensor, or the rows of it, that the mask marks."""
    if bool(mask.all()) or mask.ndim == 0:
        return f"'{name}'"
    rows = mask.flatten(1).all(1) if mask.ndim > 1 else mask
    marked = rows.nonzero().flatten().tolist()
    if marked and marked == list(range(marked[0], marked[-1] + 1)):
        return f"rows {marked[0]} to {marked[-1]} of '{name}' ({mask.shape[0]} rows)"
    return f"{int(mask.sum())} of {mask.numel()} entries of '{name}'"


def _listed(names: list[str]) -> str:
    shown = ", ".join(f"'{name}'" for name in names[:4])
    return shown + (f" and {len(names) - 4} more" if len(names) > 4 else "")
