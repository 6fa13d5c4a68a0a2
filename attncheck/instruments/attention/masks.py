"""Masks of every convention, made from which key is hidden from which query."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from attncheck.instruments.attention.hearing import Call, Hearing, hear
from attncheck.lazy import torch
from attncheck.signature.convention import MEANINGS, Argument
from attncheck.signature.forward import forward_parameters, is_required, named_parameters
from attncheck.signature.masks import (
    is_mask_name,
    key_axis,
    known_meaning,
    possible_axes,
    query_axis,
)
from attncheck.subject.raising import SubjectError
from attncheck.subject.sampling import generator
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


@dataclass(frozen=True)
class MaskWay:
    """One mask of the subject, and how it is to be read.

    Attributes:
        argument: the parameter, the mask's axes and meaning.
        origin: ``stated`` by the user, ``named`` as torch names it, or ``found`` by trying.
    """

    argument: Argument
    origin: str

    def describe(self) -> str:
        """Return the mask as messages name it: ``'mask' (B, N), True hides a key``."""
        words = {
            "pad-true": "True hides a key",
            "valid-true": "True shows a key",
            "valid-01": "1 shows a key",
            "additive": "added to the logits",
        }
        axes = ", ".join(self.argument.axes)
        return f"'{self.argument.parameter}' ({axes}), {words[self.argument.meaning]}"

    def applied(self, subject: Subject) -> Subject:
        """Return the subject called with this mask."""
        call = subject.convention
        if self.argument in call.arguments:
            return subject
        return subject.called(replace(call, arguments=(*call.arguments, self.argument)))


def encode(hidden: torch.Tensor, way: MaskWay, trial: Trial) -> torch.Tensor:
    """Return the mask that hides these keys.

    Args:
        hidden: (B, N, M), True where the query must not see the key. What the mask's axes do
            not tell apart must be equal.
        way: the mask.
        trial: for sizes and dtype.
    """
    axes = way.argument.axes
    data = trial.subject.convention.inputs
    queries = query_axis(data)
    t = hidden if "B" in axes[:-1] else hidden[:1]
    t = t if queries in axes[:-1] and queries != "1" else t[:, :1]
    heads = trial.dims["heads"] if "heads" in axes else 1
    t = t[:, None].expand(t.shape[0], heads, *t.shape[1:])
    t = t.reshape(trial.sizes(axes)).clone()
    match way.argument.meaning:
        case "pad-true":
            return t
        case "valid-true":
            return ~t
        case "valid-01":
            return (~t).to(trial.dtype)
    return torch.zeros(t.shape, dtype=trial.dtype).masked_fill(t, float("-inf"))


def some_hidden(way: MaskWay, trial: Trial) -> torch.Tensor:
    """Return (B, N, M) with some keys hidden, otherwise in each sample, never all of them.

    A mask without a query axis hides the last keys, as padding does.
    """
    data = trial.subject.convention.inputs
    keys, queries = key_axis(data), query_axis(data)
    b, n, m = (trial.dims.get("B", 1), trial.dims.get(queries, 1), trial.dims[keys])
    axes = way.argument.axes[:-1]
    hidden = torch.zeros(b, n, m, dtype=torch.bool)
    if queries in axes and queries != "1":
        hidden = torch.rand(b, n, m, generator=generator(trial.case.seed)) < 0.4
        index = torch.arange(n)
        for step in (0, 1):  # each query sees at least two keys, itself among them
            hidden[:, index, (index + step) % m] = False
    else:
        for sample in range(b):
            hidden[sample, :, m - 1 - sample % max(m - 2, 1) :] = True
    return hidden if "B" in axes else hidden[:1].expand(b, n, m).clone()


def ways_of(subject: Subject, trial: Trial) -> tuple[list[MaskWay], list[str]]:
    """Return the subject's masks, and the optional ones whose meaning could not be found.

    Masks that the user states are taken as stated, masks with torch's own names as torch means
    them; of others every set of axes and every meaning is tried, and the first under which
    hidden keys are silent and visible ones are heard is the meaning.
    """
    stated = [MaskWay(argument, "stated") for argument in subject.convention.masks]
    if stated:
        return stated, []
    key = id(subject)
    if key not in _found or _found[key][0] is not subject:
        _found.clear()
        _found[key] = (subject, _search(subject, trial))
    return _found[key][1]


_found: dict[int, tuple[Subject, tuple[list[MaskWay], list[str]]]] = {}
"""The last subject's masks: looked for once, not on every case."""


def _search(subject: Subject, trial: Trial) -> tuple[list[MaskWay], list[str]]:
    taken = {argument.parameter for argument in subject.convention.arguments}
    ways: list[MaskWay] = []
    unclear: list[str] = []
    for parameter in named_parameters(_parameters(subject, trial)):
        if parameter.name in taken or is_required(parameter) or not is_mask_name(parameter.name):
            continue
        found = next(_fitting(subject, trial, parameter.name), None)
        if found:
            ways.append(found)
        else:
            unclear.append(parameter.name)
    return ways, unclear


def _parameters(subject: Subject, trial: Trial) -> list[inspect.Parameter]:
    factory: Any = subject.factory
    if isinstance(factory, type):
        return forward_parameters(factory)[1:]
    return forward_parameters(trial.module())


def _fitting(subject: Subject, trial: Trial, name: str) -> Iterator[MaskWay]:
    """Yield the ways to read a mask; a name that torch knows must only run."""
    known = known_meaning(name)
    for axes in possible_axes(subject.convention.inputs):
        for meaning in (known,) if known else MEANINGS:
            way = MaskWay(Argument(name, "mask", axes, meaning, True), "found")
            try:
                hearing = hear_masked(way, trial)
            except (SubjectError, KeyError, RuntimeError):
                continue
            if known:
                yield replace(way, origin="named")
            elif hearing.obeys:
                yield way


def hear_masked(way: MaskWay, trial: Trial, factor: float = 1.0) -> Hearing:
    """Return which query hears which key under :func:`some_hidden`."""
    masked = Trial(way.applied(trial.subject), trial.case)
    hidden = some_hidden(way, masked)
    name = way.argument.input
    everything = encode(torch.ones_like(hidden), way, masked)
    plain = [Call(masked, {}), Call(masked, {name: everything})]
    if way.argument not in trial.subject.convention.arguments:
        plain.insert(0, Call(trial, {}))
    call = Call(masked, {name: encode(hidden, way, masked)})
    return hear(call, plain, hidden, query_rows(way), factor)


def query_rows(way: MaskWay) -> bool:
    """Say whether the mask hides keys from each query apart."""
    return len(way.argument.axes) > 1 and way.argument.axes[-2] not in ("B", "1")


def half_masked(trial: Trial) -> dict[str, torch.Tensor]:
    """Return a mask for every mask argument of the call: the later half of the keys is masked.

    Empty where the call has no mask. At least one key stays.
    """
    masks: dict[str, torch.Tensor] = {}
    for argument in trial.subject.convention.masks:
        mask = trial.no_mask(argument)
        keys = mask.shape[-1]
        hidden = torch.arange(keys, device=mask.device) >= (keys + 1) // 2
        if argument.meaning == "pad-true":
            mask = mask | hidden
        elif argument.meaning == "valid-true":
            mask = mask & ~hidden
        else:
            value = 0.0 if argument.meaning == "valid-01" else float("-inf")
            mask = mask.masked_fill(hidden, value)
        masks[argument.input] = mask
    return masks
