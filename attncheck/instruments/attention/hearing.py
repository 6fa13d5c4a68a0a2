"""Which query hears which key: perturb one key at a time and see which outputs move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from attncheck.lazy import torch
from attncheck.signature.masks import key_axis, query_axis
from attncheck.subject.tolerance import budget
from attncheck.subject.trial import Tensors, Trial


@dataclass(frozen=True)
class Hearing:
    """What came of perturbing every key, with a mask and without.

    All tensors are (B, N, M).

    Attributes:
        hidden: what the mask hides.
        masked: how far each query's output moves when each key is changed under the mask.
        plain: the same without a mask.
        counts: where the answer matters (not a token's own key, not the rows of padding).
        noise: what rounding may move.
        output, unmasked: the outputs with the mask and without.
    """

    hidden: torch.Tensor
    masked: torch.Tensor
    plain: torch.Tensor
    counts: torch.Tensor
    noise: float
    output: torch.Tensor
    unmasked: torch.Tensor

    @property
    def leaks(self) -> torch.Tensor:
        """Hidden keys that are heard."""
        return self.hidden & (self.masked > self.noise) & self.counts

    @property
    def deaf(self) -> torch.Tensor:
        """Visible keys that are heard without a mask and not with it."""
        heard_before = self.plain > self.noise
        return ~self.hidden & heard_before & (self.masked <= self.noise) & self.counts

    @property
    def opened(self) -> torch.Tensor:
        """Visible keys that are heard with the mask and not without it, as the future may be."""
        heard = (self.masked > self.noise) & (self.plain <= self.noise)
        return ~self.hidden & heard & self.counts

    @property
    def future_opened(self) -> torch.Tensor:
        """Later keys that are heard with the mask, where none is heard without it."""
        heard = self.plain > self.noise
        n, m = heard.shape[1:]
        future = torch.ones(n, m, dtype=torch.bool).triu(1)
        causal = n == m and not bool((heard & future).any()) and bool((heard & ~future).any())
        return self.opened & future if causal else torch.zeros_like(heard)

    @property
    def hides(self) -> bool:
        """There is something to hide: hidden keys that are heard without the mask."""
        return bool((self.hidden & self.counts & (self.plain > self.noise)).any())

    @property
    def obeys(self) -> bool:
        """The mask hides what it hides, and nothing else; and there was something to hide."""
        return self.hides and not bool(self.leaks.any()) and not bool(self.deaf.any())

    @property
    def one_too_many(self) -> bool:
        """The first hidden key of each sample is heard, and no other one: a count that is off."""
        hidden, heard = self.hidden.any(1), self.leaks.any(1)
        first = hidden & (hidden.cumsum(1) == 1)
        several = bool((hidden.sum(1) > 1).any())
        return several and bool((heard == first).all()) and not bool(self.deaf.any())

    @property
    def largest_leak(self) -> float:
        """How far a hidden key moves an output at most."""
        return float(self.masked[self.leaks].max()) if bool(self.leaks.any()) else 0.0


@dataclass(frozen=True)
class Call:
    """A way to call the subject, and the masks that it is called with."""

    trial: Trial
    masks: Mapping[str, torch.Tensor]


def hear(
    masked: Call, plain: Sequence[Call], hidden: torch.Tensor, rows: bool, factor: float = 1.0
) -> Hearing:
    """Perturb every key with the mask and without.

    Args:
        masked: the call with the mask.
        plain: calls without it; the first under which anything is heard is compared with. A
            mask that is read the other way round may hide everything where it should nothing.
        hidden: (B, N, M), what the mask hides.
        rows: the mask tells queries apart, so the rows of padded tokens count.
        factor: the inputs are multiplied by it.

    Raises:
        SubjectError: ``forward`` raises.
    """
    trial = masked.trial
    itself = len(trial.subject.convention.inputs) == 1
    output, moved = _moved(masked, hidden, factor)
    unmasked, moved_before = _moved(plain[0], hidden, factor)
    for call in plain[1:]:
        if bool((moved_before > _noise(unmasked)).any()):
            break
        unmasked, moved_before = _moved(call, hidden, factor)
    counts = torch.ones(hidden.shape, dtype=torch.bool)
    if itself:
        size = hidden.shape[1]
        counts &= ~torch.eye(size, dtype=torch.bool)
        if not rows:
            counts &= ~hidden[:, :1, :].transpose(1, 2)
    noise = _noise(output, unmasked)
    found = Hearing(hidden, moved, moved_before, counts, noise, output, unmasked)
    if len(output) == len(hidden) > 1 and bool(found.leaks.any()):
        return replace(found, masked=_alone(masked, found, factor))
    return found


def _alone(call: Call, found: Hearing, factor: float) -> torch.Tensor:
    """Return how far each key moves its own sample's queries, where one seems to leak.

    The same key is visible in another sample, and a maximum over the batch is no leak of a mask.
    """
    trial, moved = call.trial, found.masked.clone()
    module = trial.module()
    inputs = {name: factor * tensor for name, tensor in trial.inputs().items()}
    other = {name: factor * tensor for name, tensor in trial.inputs(draw_seed=1).items()}
    for sample, key in found.leaks.any(1).nonzero().tolist():
        whole = with_key(trial, inputs, other, key)
        changed = {}
        for name, tensor in inputs.items():
            changed[name] = tensor.clone()
            axis = trial.axes(name).index("B") if "B" in trial.axes(name) else -1
            if axis < 0:
                changed[name] = whole[name]
            else:
                changed[name].select(axis, sample).copy_(whole[name].select(axis, sample))
        after = _tokens(trial.run(module, {**changed, **call.masks}), trial)
        moved[sample, :, key] = _distance(after, found.output)[sample]
    return moved


def _moved(call: Call, hidden: torch.Tensor, factor: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the output (B, N, C), and (B, N, M) how far each key moves it."""
    key = (id(call.trial.subject), msgspec.json.encode(call.trial.case), factor)
    if not call.masks and key in _unmasked:
        return _unmasked[key][1]
    found = _perturbed(call, hidden, factor)
    if not call.masks:
        while len(_unmasked) > _MOST_KEPT:
            _unmasked.pop(next(iter(_unmasked)))
        _unmasked[key] = (call.trial.subject, found)
    return found


_MOST_KEPT = 8
_unmasked: dict[tuple[int, bytes, float], tuple[Any, tuple[torch.Tensor, torch.Tensor]]] = {}
"""What came of calls without a mask: every mask of a subject is held against the same."""


def _perturbed(
    call: Call, hidden: torch.Tensor, factor: float
) -> tuple[torch.Tensor, torch.Tensor]:
    trial = call.trial
    module = trial.module()
    inputs = {name: factor * tensor for name, tensor in trial.inputs().items()}
    other = {name: factor * tensor for name, tensor in trial.inputs(draw_seed=1).items()}
    output = _tokens(trial.run(module, {**inputs, **call.masks}), trial)
    moved = torch.zeros(hidden.shape)
    for key in range(hidden.shape[2]):
        changed = with_key(trial, inputs, other, key)
        after = _tokens(trial.run(module, {**changed, **call.masks}), trial)
        moved[:, :, key] = _distance(after, output)
    return output, moved


def _noise(*outputs: torch.Tensor) -> float:
    finite = [torch.nan_to_num(o, nan=0.0, posinf=0.0, neginf=0.0) for o in outputs]
    return budget(*finite)


def with_key(trial: Trial, inputs: Tensors, other: Tensors, key: int) -> Tensors:
    """Return the inputs with one key, and its value, replaced by another draw."""
    changed = dict(inputs)
    for name in key_inputs(trial):
        axis = position_axis(trial, name)
        changed[name] = inputs[name].clone()
        changed[name].select(axis, key).copy_(other[name].select(axis, key) + 1.0)
    return changed


def key_inputs(trial: Trial) -> list[str]:
    """Return the inputs that hold keys or values: those behind the first, or the first itself.

    What a user states beside them, of fixed sizes, holds none.
    """
    first, *others = trial.subject.convention.inputs
    axis = key_axis(trial.subject.convention.inputs)
    return [name for name in others if axis in trial.axes(name)] or [first]


def position_axis(trial: Trial, name: str) -> int:
    """Return the axis of an input along which its keys lie."""
    return trial.axes(name).index(key_axis(trial.subject.convention.inputs))


def _tokens(output: torch.Tensor, trial: Trial) -> torch.Tensor:
    """Return the output as (B, N, C); what a sample gets as a whole, each of its queries gets.

    As a whole it is one vector, or as many as the module has queries of its own.
    """
    call = trial.subject.convention
    queries = query_axis(call.inputs)
    if output.ndim != 2 and queries in call.output:
        return output
    return output.flatten(1)[:, None].expand(-1, trial.dims.get(queries, 1), -1)


def _distance(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    """Return the largest change per token, infinite where it becomes or stops being a number."""
    finite = a.isfinite() & b.isfinite()
    change = torch.where(finite, (a - b).abs(), torch.zeros_like(a))
    change = change.masked_fill(a.isnan() != b.isnan(), float("inf"))
    return change.flatten(2).amax(-1).detach().float()
