"""A call leaves the rest of the program as it was."""

from __future__ import annotations

import contextlib
import io
import random
import warnings
from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.process import (
    mark_patched,
    patched_in,
    surroundings,
    usual_surroundings,
)
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.raising import blamed
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class GlobalState(Claim, frozen=True, kw_only=True):
    """Building and calling the module changes nothing outside it.

    ## What it checks
    Around a constructor and an eval forward: seeds (a generator that stands at the same place
    after the call wherever it stood before was reseeded), default dtype and device, grad mode,
    number of threads, switches of torch's backends, functions of `torch`,
    `torch.nn.functional`, `torch.Tensor` and `nn.Module` that were replaced, warning filters,
    the environment and working directory, threads and child processes that go on living. What
    the module's own file replaces at import counts too, what the rest of its package does then
    does not. Numbers drawn from a generator are the business of *deterministic*; what is
    printed is only noted.

    ## Why it matters
    `torch.manual_seed(0)` in `forward` gives every later dropout and every shuffle of the program
    the same numbers in each step. A changed default dtype or a patched function changes other
    people's modules.

    ## Example
    `torch.set_default_dtype(torch.float16)` in a constructor.
    """

    kind: ClassVar[str] = "global-state"
    located_by: ClassVar[tuple[str, ...]] = ("process state",)
    turn: ClassVar[int] = 1040
    faults: ClassVar[tuple[str, ...]] = ("global_state",)

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        before = usual_surroundings()
        home = str(getattr(trial.subject.written, "__module__", ""))
        at_import = patched_in(home)
        printed = io.StringIO()
        try:
            marked = mark_patched(home.split(".")[0], before)
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
                reseeded = _reseeds(trial)
                filters = _filters_changed(trial)
                after = surroundings()
        finally:
            before.restore()
        if reseeded:
            return violated(
                f"{reseeded}: every later draw of the program repeats",
                expected="generators that go on from where they stood",
                seen="the same state, whatever it was before",
                what="seed",
            )
        changed = list(dict.fromkeys([*marked.differences(after), *filters]))
        if changed or at_import:
            doing = "building and calling the module changes" if changed else "its file replaces"
            changed = changed or at_import
            return violated(
                f"{doing} " + "; ".join(changed[:4]),
                expected="everything outside the module as it was",
                seen=changed[0],
                changed=changed,
            )
        text = printed.getvalue()
        if text.strip():
            first = text.strip().splitlines()[0][:80]
            return holds(f"it prints: {first!r}", prints=first, characters=len(text))
        return holds()


def _reseeds(trial: Trial) -> str:
    """Say what makes the generators forget where they stood, or ""."""
    module, inputs = trial.module(train=False), trial.inputs()

    def construct() -> None:
        with blamed("constructor"):
            trial.subject.construct(trial.dims)

    def call() -> None:
        # Without no_grad around it, which would put a changed grad mode back.
        trial.call(module, {name: tensor.clone() for name, tensor in inputs.items()})

    for what, action in (("the constructor", construct), ("a call in eval mode", call)):
        states = []
        for seed in (3, 4):
            torch.manual_seed(seed)
            random.seed(seed)
            action()
            states.append((torch.get_rng_state(), random.getstate()))
        if torch.equal(states[0][0], states[1][0]):
            return f"{what} seeds torch's generator"
        if states[0][1] == states[1][1]:
            return f"{what} seeds Python's generator"
    return ""


def _filters_changed(trial: Trial) -> list[str]:
    """Compare the warning filters right before and after ``forward``."""
    module = trial.module(train=False)
    seen: list[int] = []
    hooks = (
        module.register_forward_pre_hook(lambda *_: seen.append(len(warnings.filters))),
        module.register_forward_hook(lambda *_: seen.append(len(warnings.filters))),
    )
    trial.call(module, trial.inputs())
    for hook in hooks:
        hook.remove()
    return ["the warning filters"] if len(seen) == 2 and seen[0] != seen[1] else []
