"""In eval mode the same input gives the same output."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, ClassVar

from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, undecided, violated
from attncheck.subject.dispatcher import watching
from attncheck.subject.sampling import seed_everything
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Tensors, Trial


class Deterministic(Claim, frozen=True, kw_only=True):
    """In eval mode two calls with the same input give the same output.

    ## What it checks
    One module, one input, several calls with the generators of torch and Python in different
    states. A mechanism that is random by its definition drops this claim in its spec; under a
    family's contract a module that draws from a distribution of its own, and drops nothing, is
    not decided.

    ## Why it matters
    `F.dropout(x, p)` and `scaled_dot_product_attention(dropout_p=p)` know nothing of `.eval()`:
    validation scores jitter and exported models differ from the trained one.

    ## Example
    `F.dropout(attn, 0.1)` without `training=self.training`.
    """

    kind: ClassVar[str] = "deterministic"
    located_by: ClassVar[tuple[str, ...]] = ("repeats", "dropout", "layer in forward")
    turn: ClassVar[int] = 50
    faults: ClassVar[tuple[str, ...]] = ("dropout_in_eval", "hidden_state", "nondeterminism")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        module, inputs = trial.module(train=False), trial.inputs()
        first = _call(trial, module, inputs, 0)
        change = max(difference(first, _call(trial, module, inputs, seed)) for seed in (1, 2, 3))
        if change <= budget(first):
            return holds(largest_difference=change)
        if not trial.subject.spec.reference and (drawn := _samples(trial, module, inputs)):
            return undecided(
                f"every call draws from {drawn}: a sampling design, or noise that was left on",
                largest_difference=change,
            )
        return violated(
            f"two calls in eval mode with the same input differ by {change:.3g}",
            expected="the same output",
            seen=f"a difference of {change:.3g}",
            largest_difference=change,
        )


def _samples(trial: Trial, module: torch.nn.Module, inputs: Tensors) -> str:
    """Return the distributions that a call draws from where none of them drops values, or "".

    Dropout in eval mode is a mistake; who draws from a normal distribution has written so.
    """
    seen: dict[str, None] = {}

    def run(_: Any, func: Any, args: Any, kwargs: Any) -> Any:
        if torch.Tag.nondeterministic_seeded in func.tags:
            seen[func.overloadpacket.__name__] = None
        return func(*args, **kwargs)

    with watching(run):
        _call(trial, module, inputs, 0)
    drops = any("drop" in name or "bernoulli" in name or "attention" in name for name in seen)
    return "" if drops else " and ".join(f"'{name}'" for name in seen)


def _call(trial: Trial, module: torch.nn.Module, inputs: Tensors, seed: int) -> torch.Tensor:
    seed_everything(seed, trial.case.device)
    random.seed(seed)
    with torch.no_grad():
        return trial.call(module, {name: tensor.clone() for name, tensor in inputs.items()}).main
