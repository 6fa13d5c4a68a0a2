"""A call changes neither the caller's tensors nor, in eval mode, the module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from attncheck.instruments.attention.masks import half_masked
from attncheck.instruments.behaviour.axes import training_case
from attncheck.instruments.behaviour.state import parameters_and_buffers, tensors_kept
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.sampling import seed_everything
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import close
from attncheck.subject.trial import Tensors, Trial


class Unmodified(Claim, frozen=True, kw_only=True):
    """A call leaves the caller's tensors as they were and, in eval mode, the module too.

    ## What it checks
    Inputs and masks, bit for bit, after a call in eval and in training mode. In eval mode also
    parameters, buffers and which tensor stands under which name; that a second call with the
    same input gives the same output; and that the module does not keep more and more tensors.

    ## Why it matters
    A residual outside the block reads the input after the block has written to it. A mask that
    is inverted in place masks nothing in the second layer. A list of attention maps on the
    module grows until memory ends.

    ## Example
    `nn.ReLU(inplace=True)` as the first layer; `mask[mask == 0] = -1e9`.
    """

    kind: ClassVar[str] = "unmodified"
    located_by: ClassVar[tuple[str, ...]] = ("mutated",)
    turn: ClassVar[int] = 230
    faults: ClassVar[tuple[str, ...]] = (
        "autograd_inplace",
        "hidden_state",
        "input_mutation",
        "input_overwritten",
    )

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()
        yield training_case(subject)

    def check(self, trial: Trial) -> Outcome:
        module = trial.module()
        given = {**trial.inputs(), **half_masked(trial)}
        kept = {name: tensor.clone() for name, tensor in given.items()}
        state = parameters_and_buffers(module)
        first = trial.run(module, given)
        outcome = _inputs_kept(trial, module, given)
        if outcome or trial.case.train:
            return outcome or holds()
        return _state_kept(trial, module, kept, state, first) or holds()


def _inputs_kept(trial: Trial, module: torch.nn.Module, given: Tensors) -> Outcome | None:
    """Call the module on the very tensors and compare them with copies."""
    kept = {name: tensor.clone() for name, tensor in given.items()}
    seed_everything(trial.case.seed, trial.case.device)
    with torch.no_grad():
        trial.call(module, given)
    for argument in trial.subject.convention.arguments:
        name = argument.input
        if name not in kept or _same(given[name], kept[name]):
            continue
        change = (given[name].double() - kept[name].double()).abs()
        largest = float(change[change.isfinite()].max()) if change.isfinite().any() else 0.0
        entries = int((~torch.eq(given[name], kept[name])).sum())
        return violated(
            f"the caller's '{argument.parameter}' is changed by the call: {entries} of "
            f"{change.numel()} entries, by up to {largest:.3g}",
            expected="the tensor as it was given",
            seen=f"{entries} of {change.numel()} entries changed",
            input=name,
            entries=entries,
        )
    return None


def _state_kept(
    trial: Trial,
    module: torch.nn.Module,
    given: Tensors,
    state: Mapping[str, tuple[int, torch.Tensor]],
    first: torch.Tensor,
) -> Outcome | None:
    after = parameters_and_buffers(module)
    for name, (identity, before) in state.items():
        now = after.get(name)
        changed = now is None or not _same(now[1], before)
        if changed and not _answers_as_before(trial, module):
            return violated(
                f"a call in eval mode changes '{name}'"
                + (f" from {_few(before)} to {_few(now[1])}" if now is not None else ""),
                expected="the same state after the call",
                seen=f"'{name}' differs",
                parameter=name,
            )
        if now is not None and not changed and now[0] != identity:
            return violated(
                f"a call in eval mode puts another tensor in the place of '{name}': an optimiser "
                "goes on training the old one",
                expected="the same parameter object",
                seen="a new one",
                parameter=name,
            )
    sizes = []
    for _ in range(3):
        again = trial.run(module, given)
        sizes.append(tensors_kept(module))
    if not close(first, again) and _repeats(trial, given):
        return violated(
            "the same call gives another result the second time",
            expected="the same output",
            seen=f"a difference of {float((first - again).abs().max()):.3g}",
        )
    if sizes[0] < sizes[1] < sizes[2]:
        return violated(
            f"every call leaves more tensors on the module: {sizes[0]}, {sizes[1]}, {sizes[2]} "
            "elements after the second, third and fourth",
            expected="what the module keeps does not grow",
            seen=f"{sizes[2] - sizes[1]} more elements a call",
        )
    return None


def _answers_as_before(trial: Trial, module: torch.nn.Module) -> bool:
    """Say whether other inputs give what a fresh module gives: each call fills its cache anew."""
    other = trial.inputs(draw_seed=5)
    return close(trial.run(module, other), trial.run(trial.module(), other))


def _repeats(trial: Trial, given: Tensors) -> bool:
    """Say whether fresh modules agree: else the module is random, which is another claim's."""
    return close(trial.run(trial.module(), given), trial.run(trial.module(), given))


def _same(a: torch.Tensor, b: torch.Tensor) -> bool:
    if a.shape != b.shape or a.dtype != b.dtype:
        return False
    return torch.equal(a, b) or torch.equal(a.isnan() | (a == b), torch.ones_like(a == b))


def _few(tensor: torch.Tensor) -> str:
    values = tensor.detach().double().flatten()[:3].tolist()
    more = ", …" if tensor.numel() > 3 else ""
    return "[" + ", ".join(f"{value:.3g}" for value in values) + more + "]"
