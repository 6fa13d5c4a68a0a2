"""The input itself is part of the output: y = x + F(x)."""

from __future__ import annotations

from typing import ClassVar

from attncheck.lazy import torch
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial


class Residual(Claim, frozen=True, kw_only=True):
    """The module adds its input to what it computes.

    ## What it checks
    With every learned layer at zero and norms at their neutral values, a residual module returns
    its input, or its input and a gate's share of it: y = c·x with c of at least one. A gate
    without a residual returns less than the input, a plain layer nothing.

    ## Why it matters
    A residual connection that is claimed and missing, or whose sum adds something else than the
    input, trains worse in deep networks and shows nowhere else.

    ## Example
    `return x * x` after `x = self.sigmoid(x)`: no part of the input is left.
    """

    kind: ClassVar[str] = "residual"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("repeated", "product")
    turn: ClassVar[int] = 70
    faults: ClassVar[tuple[str, ...]] = ("residual_dropped",)

    once: bool = False
    """The input is added once: c is one, because what the module computes is zero then."""

    def check(self, trial: Trial) -> Outcome:
        module = trial.module()
        inputs = {n: t.abs() + 0.1 for n, t in trial.inputs().items()}
        x = inputs[trial.main]
        if not any(True for _ in module.parameters()):
            return undecided("the module has no parameters to set to zero")
        _silence(module)
        y = trial.run(module, inputs).detach()
        if y.shape != x.shape:
            if y.shape[1:2] != x.shape[1:2]:
                return skipped("the output has another width than the input")
            return violated(
                f"the output {tuple(y.shape)} cannot hold the input {tuple(x.shape)}: "
                "nothing is added to it",
                expected="x + F(x)",
                seen=f"shape {tuple(y.shape)}",
            )
        share = float((y / x).median())
        if difference(y, share * x) > budget(y, x):
            return undecided("with its layers at zero the module is no multiple of its input")
        if self.once and share > 1 + 1e-6:
            return violated(
                f"with its layers at zero the module returns {share:.3g}·x: "
                "the input is added more than once",
                expected="x",
                seen=f"{share:.3g}·x",
            )
        if share >= 1 - 1e-6:
            return holds(f"with its layers at zero the module returns {share:.3g}·x")
        return violated(
            f"with its layers at zero the module returns {share:.3g}·x: the input is not added",
            expected="x, or more",
            seen=f"{share:.3g}·x",
        )


def _silence(module: torch.nn.Module) -> None:
    """Set learned layers to zero and norms to their neutral values, in place."""
    with torch.no_grad():
        for layer in module.modules():
            neutral = hasattr(layer, "running_mean") or hasattr(layer, "normalized_shape")
            neutral = neutral or hasattr(layer, "num_groups")
            for name, parameter in layer.named_parameters(recurse=False):
                parameter.fill_(1.0 if neutral and name == "weight" else 0.0)
            for name, buffer in layer.named_buffers(recurse=False):
                if name in ("running_mean", "running_var"):
                    buffer.fill_(float(name == "running_var"))
