"""The counts of one subject on one case, as the report shows them.

Counts are of one call at the case's dims, the whole batch. One multiply-add of a contraction
is one MAC; FLOPs are twice the MACs; a bias, a norm, a softmax, a pooling or an activation is
element-wise work and counted apart. Counting leaves no trace: statistics, parameters, generators
and modes stay as they were.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import msgspec

from attncheck.data.choices import same
from attncheck.data.counts import ClosedValue, Counts
from attncheck.errors import SpecError
from attncheck.instruments.counting.closed_form import ClosedForm
from attncheck.instruments.counting.dispatch import Tally, counting
from attncheck.instruments.counting.fvcore_check import Second, fvcore_count
from attncheck.instruments.counting.parameters import Inventory, inventory, never_used
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.live import on_device
from attncheck.subject.raising import SubjectError
from attncheck.subject.sampling import seed_everything
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

NOT_ASKED = "not asked"
"""Of the second counter: the first is enough."""


@dataclass(frozen=True)
class BothCounts:
    """Both counters' answers on one case.

    Attributes:
        parameters: the inventory, after the call (a lazy layer has its shape by then).
        tally: the dispatch counter's.
        second: fvcore's.
        unused: names of parameters that no output came from; None where that is not known.
    """

    parameters: Inventory
    tally: Tally
    second: Second
    unused: list[str] | None

    @property
    def agree(self) -> bool | None:
        """Whether both counters say the same; None where fvcore cannot count."""
        return None if self.second.macs is None else self.second.macs == self.tally.macs

    @property
    def asked_twice(self) -> bool:
        """Whether the second counter was asked at all."""
        return self.second.reason != NOT_ASKED

    @property
    def disagreement(self) -> str:
        """Which operators the counters price differently, or why only one counted."""
        if self.second.macs is None:
            return self.second.reason
        if self.second.macs == self.tally.macs:
            return ""
        text = (
            f"the dispatch counter says {self.tally.macs:,} ({_dearest(self.tally.by_operator)}), "
            f"fvcore {self.second.macs:,} ({_dearest(self.second.by_operator or {})})"
        )
        if self.second.macs < self.tally.macs:
            text += "; a trace leaves out what reaches no output and what goes through .data"
        return text


def count_trial(trial: Trial, *, twice: bool = True) -> BothCounts:
    """Build the trial's module, call it once under each counter, and say what it cost.

    Each case of a subject is counted once; the answer is shared and must not be changed.

    Args:
        trial: the subject on a case; on ``meta`` only shapes are computed.
        twice: also count with fvcore, which loads it and needs real tensors.

    Raises:
        SubjectError: the module cannot be built or called.
    """
    key = msgspec.json.encode(trial.case)
    counted: BothCounts | None = trial.subject.counted.get(key)
    if counted is None or (twice and not counted.asked_twice):
        module, inputs = trial.module(initial=True), trial.inputs()
        counted = count_module(trial, module, inputs, twice=twice)
        trial.subject.counted[key] = counted
    return counted


def are_compared(subject: Subject) -> bool:
    """Say whether both counters were asked of a case, and none contradicted the other."""
    compared = [one for one in subject.counted.values() if one.asked_twice]
    return bool(compared) and all(one.agree is not False for one in compared)


def count_module(
    trial: Trial,
    module: torch.nn.Module,
    inputs: dict[str, torch.Tensor],
    *,
    twice: bool = True,
) -> BothCounts:
    """Count a module that is there already; its state is the same afterwards.

    Raises:
        SubjectError: ``forward`` raises.
    """
    names = list(inputs)

    def call(*tensors: torch.Tensor) -> tuple[torch.Tensor, ...]:
        output = trial.call(module, dict(zip(names, tensors, strict=True)))
        return output.main, *output.others

    case = trial.case
    return count_call(
        module, call, list(inputs.values()), seed=case.seed, device=case.device, twice=twice
    )


def count_call(
    module: torch.nn.Module,
    call: Callable[..., Sequence[torch.Tensor]],
    tensors: Sequence[torch.Tensor],
    *,
    seed: int = 0,
    device: str = "cpu",
    twice: bool = True,
) -> BothCounts:
    """Count one call of a module; its state is the same afterwards.

    Args:
        module: what is counted.
        call: ``call(*tensors)`` runs it and returns its tensors.
        tensors: what it is called with, copied.
        seed: of the generators.
        device: where the tensors are; on ``meta`` only shapes are computed.
        twice: also count with fvcore, which needs real tensors.
    """
    with untouched(module), on_device(device):
        seed_everything(seed, device)
        copies = [tensor.clone() for tensor in tensors]
        with counting(module) as tally:
            outputs = call(*copies)
        unused = never_used(module, outputs)
        parameters = inventory(module)
    if not twice:
        return BothCounts(parameters, tally, Second(None, NOT_ASKED), unused)
    with untouched(module):
        seed_everything(seed, device)
        second = fvcore_count(module, call, [tensor.clone() for tensor in tensors])
    return BothCounts(parameters, tally, second, unused)


def count(subject: Subject, case: Case) -> Counts:
    """Return everything counted; ``macs`` is None where the module does not run."""
    trial = Trial(subject, case)
    found = Counts(dims=dict(case.dims), mode="train" if case.train else "eval", parameters=None)
    try:
        found.parameters = inventory(trial.module(initial=True)).total
        counted = count_trial(trial)
    except SubjectError as error:
        found.macs = found.flops = found.elementwise = found.agree = None
        found.unpriced, found.unavailable = [], str(error)
        return found
    tell(found, counted)
    found.by_module = dict(counted.tally.by_module)
    found.formula = {
        kind: form
        for kind, seen in (("parameters", counted.parameters.total), ("macs", counted.tally.macs))
        if (form := closed_form_of(subject, case, kind, seen)) is not None
    }
    return found


def tell(found: Counts, counted: BothCounts) -> None:
    """Write down what both counters say."""
    tally, parameters = counted.tally, counted.parameters
    found.parameters, found.trainable = parameters.total, parameters.trainable
    found.tied, found.frozen, found.unused = parameters.tied, parameters.frozen, counted.unused
    found.macs, found.flops, found.elementwise = tally.macs, 2 * tally.macs, tally.elementwise
    found.by_operator = dict(tally.by_operator.most_common())
    found.unpriced = sorted(tally.unpriced)
    found.fvcore, found.agree = counted.second.macs, counted.agree
    found.disagreement = counted.disagreement


def closed_form_of(subject: Subject, case: Case, kind: str, seen: int) -> ClosedValue | None:
    """Return the spec's closed form beside the count, or None where the spec states none."""
    for name, table in subject.spec.claims.items():
        text = table.get("formula")
        if table.get("kind", name) == kind and isinstance(text, str):
            try:
                form = ClosedForm(subject, [text], table.get("search", ()))
                return _beside(form, case, samples(form, case.dims) if kind == "macs" else 1, seen)
            except SpecError:
                return None
    return None


def _beside(form: ClosedForm, case: Case, times: int, seen: int) -> ClosedValue:
    choice = form.explain(case.dims, lambda values: same(values[0] * times, seen))
    stated = choice or form.stated(case.dims)[0]
    value = form.values(stated)[0] * times
    return ClosedValue(
        choice=stated.describe(form.named),
        equal=choice is not None,
        formula=form.formulas[0].text,
        value=int(value) if math.isfinite(value) else None,
    )


def samples(form: ClosedForm, dims: dict[str, int]) -> int:
    """Return what a formula for MACs is multiplied by: the batch, unless it names ``B``."""
    return 1 if "B" in form.named else dims.get("B", 1)


def _dearest(by_operator: Any) -> str:
    ranked = sorted(by_operator.items(), key=lambda item: -item[1])[:4]
    return ", ".join(f"{name} {macs:,}" for name, macs in ranked) or "nothing"


@contextmanager
def untouched(module: torch.nn.Module) -> Iterator[None]:
    """Put back, bit for bit, whatever a run inside changes of the module's state and torch's.

    Restored: every parameter and buffer (also one that was rebound or added), each submodule's
    mode, gradients, and the CPU's random generator.
    """
    held: list[tuple[torch.nn.Module, str, dict[str, Any]]] = []
    values: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
    for part in module.modules():
        for table in ("_parameters", "_buffers"):
            entries = dict(getattr(part, table))
            held.append((part, table, entries))
            for tensor in entries.values():
                if isinstance(tensor, torch.Tensor) and not _uninitialised(tensor):
                    values[id(tensor)] = (tensor, tensor.detach().clone())
    modes = {part: part.training for part in module.modules()}
    gradients = {parameter: parameter.grad for parameter in module.parameters()}
    with torch.random.fork_rng(devices=[]):
        try:
            yield
        finally:
            for part, table, entries in held:
                getattr(part, table).clear()
                getattr(part, table).update(entries)
            with torch.no_grad():
                for tensor, before in values.values():
                    if not tensor.is_meta and not torch.equal(tensor, before):
                        tensor.data.copy_(before)
            for part, mode in modes.items():
                part.training = mode
            for parameter, gradient in gradients.items():
                parameter.grad = gradient


def _uninitialised(tensor: torch.Tensor) -> bool:
    lazy = (torch.nn.parameter.UninitializedParameter, torch.nn.parameter.UninitializedBuffer)
    return isinstance(tensor, lazy)
