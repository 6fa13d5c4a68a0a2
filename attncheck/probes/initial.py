"""What the constructor leaves can learn: no layer's weights are all zero, none is frozen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class Initial(Claim, frozen=True, kw_only=True):
    """The weights of linear and convolutional layers start unlike zero and free to learn.

    ## What it checks
    The module as its constructor leaves it: a layer's matrix or kernel that is zero everywhere or
    in more than an eighth of its rows, or that takes no gradient while others do. Vectors, scales
    and tables of positions may be both; a spec whose last layer starts at zero drops this claim.

    ## Why it matters
    With the query's weights at zero every key weighs the same until training has moved them; a
    frozen projection stays what the generator gave. Some recipes want this (a last layer at zero
    in a residual branch, random features), so it is told, and no fault.

    ## Example
    `nn.init.zeros_(self.query.weight)`; `self.q_proj.requires_grad_(False)`.
    """

    kind: ClassVar[str] = "initial"
    limit: ClassVar[str] = "initial-weights"
    uses: ClassVar[tuple[str, ...]] = ("train",)
    located_by: ClassVar[tuple[str, ...]] = ("zero start", "named")
    confirms_itself: ClassVar[bool] = True
    needs_call: ClassVar[bool] = False
    turn: ClassVar[int] = 251

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        if trial.subject.as_it_is:
            return skipped("an instance has been trained, perhaps")
        module = trial.module(initial=True)
        weights = dict(_weights(module))
        frozen = [name for name, weight in weights.items() if not weight.requires_grad]
        zeros = [name for name, weight in weights.items() if not bool(weight.detach().any())]
        rows = {n: _zero_rows(n, w) for n, w in weights.items() if n not in zeros}
        parts = [words for words in rows.values() if words]
        if not (zeros or parts) and (not frozen or len(frozen) == len(weights)):
            return holds()
        said = [f"{_named(zeros)} at zero"] if zeros else []
        said += parts
        said += [f"{_named(frozen)} frozen: no gradient reaches it"] if frozen else []
        return violated(
            "; ".join(said),
            expected="weights that differ and learn",
            seen="zeros" if zeros or parts else "requires_grad is off",
            parameters=[*zeros, *frozen],
        )


def _zero_rows(name: str, weight: torch.Tensor) -> str:
    """Say how many rows of a fused matrix are zero, where they are more than a few."""
    rows = int((weight.detach().flatten(1) == 0).all(1).sum())
    return (
        f"{rows} of {len(weight)} rows of '{name}' start at zero" if 8 * rows > len(weight) else ""
    )


def _named(names: list[str]) -> str:
    some = " and ".join(f"'{name}'" for name in names[:3]) + (", …" if len(names) > 3 else "")
    return f"{some} starts" if len(names) == 1 else f"{some} start"


def _weights(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the matrices and kernels of layers by their dotted names."""
    layers = (torch.nn.Linear, torch.nn.modules.conv._ConvNd, torch.nn.MultiheadAttention)
    for owner, layer in module.named_modules():
        if isinstance(layer, layers):
            for name, parameter in layer.named_parameters(recurse=False):
                if parameter.ndim > 1:
                    yield f"{owner}.{name}".lstrip("."), parameter
