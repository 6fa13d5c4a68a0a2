"""How a tensor lies in memory makes no difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import ClassVar

from attncheck.lazy import torch
from attncheck.source.raised import where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.sampling import generator, seed_everything
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Tensors, Trial

Layout = Callable[["torch.Tensor"], "torch.Tensor"]


class MemoryLayout(Claim, frozen=True, kw_only=True):
    """The same numbers give the same output and gradients, however they lie in memory.

    ## What it checks
    Inputs in channels-last memory (maps), with the last two axes transposed in storage, sliced out
    of a larger tensor, and one sample expanded to a batch, against contiguous ones; and the
    gradients of inputs and parameters, with the gradient of the output laid out likewise.

    ## Why it matters
    Convolution backends and permutations hand on tensors that are not contiguous. `view` refuses
    them; `reshape`, `flatten` and `contiguous` do not.

    ## Example
    `x.view(b, c, -1)` raises for a model in channels-last memory; `grad.view(-1, c)` in the
    `backward` of a function of one's own, where the next layer transposes.
    """

    kind: ClassVar[str] = "memory-layout"
    limit: ClassVar[str] = "memory-layout"
    uses: ClassVar[tuple[str, ...]] = ("deploy", "yolo")
    located_by: ClassVar[tuple[str, ...]] = ("layout",)
    turn: ClassVar[int] = 300
    faults: ClassVar[tuple[str, ...]] = ("view_not_permute",)

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        expected, learns = _plain(trial)
        for name, layout in _LAYOUTS.items():
            if name == "channels-last" and all(t.ndim != 4 for t in trial.inputs().values()):
                continue
            try:
                if name == "expanded":
                    expected, learns = _plain(trial, expanded=True)
                found = _computed(trial, layout, learns=learns, expanded=name == "expanded")
            except SubjectError as error:
                return violated(
                    f"with {name} input {error}",
                    expected="what contiguous input gives",
                    seen=type(error.error).__name__,
                    layout=name,
                ).at(where_raised(error.error))
            gradients = [t for what, t in expected.items() if what != _OUTPUT]
            for what, tensor in expected.items():
                allowed = budget(tensor) if what == _OUTPUT else budget(*gradients)
                if (change := difference(tensor, found.get(what, 0 * tensor))) > allowed:
                    return violated(
                        f"with {name} input {what} differs by {change:.3g}",
                        expected="what contiguous input gives",
                        seen=f"a difference of {change:.3g}",
                        layout=name,
                    )
        return holds(gradients=learns)


_OUTPUT = "the output"


def _plain(trial: Trial, *, expanded: bool = False) -> tuple[Tensors, bool]:
    """Return what contiguous inputs give, and whether there are gradients to be held against."""
    try:
        found = _computed(trial, torch.Tensor.contiguous, learns=True, expanded=expanded)
    except SubjectError as error:
        if error.phase != "backward":
            raise
        found = _computed(trial, torch.Tensor.contiguous, learns=False, expanded=expanded)
    return found, len(found) > 1


def _computed(trial: Trial, layout: Layout, *, learns: bool, expanded: bool) -> Tensors:
    """Return the output, and the gradients if asked, of tensors that lie so in memory."""
    module, inputs = trial.module(), trial.inputs()
    given = {n: t.requires_grad_(learns and t.is_floating_point()) for n, t in inputs.items()}
    laid = {name: _laid(trial, name, tensor, layout, expanded) for name, tensor in given.items()}
    seed_everything(trial.case.seed, trial.case.device)
    with torch.set_grad_enabled(learns):
        output = trial.call(module, laid).main
    found = {_OUTPUT: output.detach()}
    if not output.requires_grad:
        return found
    drawn = torch.randn(output.shape, generator=generator(7_411), dtype=torch.float64)
    wanted = {f"the gradient of '{n}'": t for n, t in [*given.items(), *module.named_parameters()]}
    wanted = {name: tensor for name, tensor in wanted.items() if tensor.requires_grad}
    asked = layout(drawn.to(output)) if output.ndim else drawn.to(output)
    with blamed("backward"):
        gradients = torch.autograd.grad(output, list(wanted.values()), asked, allow_unused=True)
    told = zip(wanted, gradients, strict=True)
    return found | {name: gradient for name, gradient in told if gradient is not None}


def _laid(
    trial: Trial, name: str, tensor: torch.Tensor, layout: Layout, expanded: bool
) -> torch.Tensor:
    """Lay an input out in the module's own order of axes; no leaf, so that it may be written to."""
    axes = trial.axes(name)
    order = trial.subject.convention.permutation(axes) or tuple(range(tensor.ndim))
    back = [order.index(i) for i in range(len(order))]
    if expanded and "B" in axes:
        first = tensor.narrow(axes.index("B"), 0, 1) * 1
        if layout is _as_it_is:
            return first.expand_as(tensor)
        tensor = first.expand_as(tensor)
    return layout((tensor * 1).permute(order)).permute(back)


def _channels_last(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.ndim != 4:
        return tensor.contiguous()
    return tensor.contiguous(memory_format=torch.channels_last)


def _transposed(tensor: torch.Tensor) -> torch.Tensor:
    if tensor.ndim < 2:
        return tensor
    return tensor.transpose(-1, -2).contiguous().transpose(-1, -2)


def _sliced(tensor: torch.Tensor) -> torch.Tensor:
    wide = tensor.new_full((*tensor.shape[:-1], 2 * tensor.shape[-1]), 7.0)
    wide[..., ::2] = tensor
    return wide[..., ::2]


def _as_it_is(tensor: torch.Tensor) -> torch.Tensor:
    return tensor


_LAYOUTS: dict[str, Layout] = {
    "channels-last": _channels_last,
    "transposed": _transposed,
    "sliced": _sliced,
    "expanded": _as_it_is,
}
