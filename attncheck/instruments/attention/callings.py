"""Every way of calling a module: with each optional argument of ``forward`` given as well."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from attncheck.instruments.attention.caches import Piece
from attncheck.instruments.attention.masks import MaskWay, encode, some_hidden
from attncheck.instruments.attention.offers import ways_of
from attncheck.lazy import torch
from attncheck.signature.forward import forward_parameters, is_required, named_parameters
from attncheck.signature.masks import is_mask_name
from attncheck.subject.raising import SubjectError
from attncheck.subject.trial import Tensors, Trial


@dataclass(frozen=True)
class Calling:
    """A call with one optional argument more.

    Attributes:
        parameter: the argument.
        trial: the call.
        masks: the masks that it is given.
    """

    parameter: str
    trial: Trial
    masks: Tensors


def optional_parameters(trial: Trial) -> list[inspect.Parameter]:
    """Return the parameters of ``forward`` that the call leaves to their defaults."""
    given = {argument.parameter for argument in trial.subject.convention.arguments}
    found = named_parameters(forward_parameters(trial.module()))
    return [p for p in found if p.name not in given and not is_required(p)]


def callings(trial: Trial) -> tuple[list[Calling], list[str]]:
    """Return a call for each optional argument, and the arguments that no value was found for.

    The last call has all of them that are no masks, where that runs.
    """
    found: list[Calling] = []
    untried: list[str] = []
    for parameter in optional_parameters(trial):
        own = list(_of(trial, parameter))
        found += own
        if not own:
            untried.append(parameter.name)
    plain = [call.trial.extra for call in found if isinstance(call.trial, Piece)]
    if len(plain) > 1:
        extra = {name: value for one in plain for name, value in one.items()}
        together = Calling("", given(trial, extra), {})
        found += [together] if _runs(together) else []
    return found, untried


def _of(trial: Trial, parameter: inspect.Parameter) -> Iterator[Calling]:
    if is_mask_name(parameter.name) and not isinstance(parameter.default, (bool, int, str)):
        ways, unclear = ways_of(trial.subject, trial)
        known = [way for way in ways if way.argument.parameter == parameter.name]
        known += [
            way
            for one in unclear
            if one.parameter == parameter.name
            for way in (one.silent, one.changing)
            if way is not None
        ]
        yield from (_masked(trial, way) for way in known)
        return
    for value in _values(trial, parameter):
        calling = Calling(parameter.name, given(trial, {parameter.name: value}), {})
        if _runs(calling):
            yield calling
            return


def given(trial: Trial, extra: Mapping[str, Any]) -> Trial:
    """Return the trial with further arguments of ``forward``, by keyword."""
    return Piece(trial.subject, trial.case, extra, 0, trial.dims.get("N", 0))


def _masked(trial: Trial, way: MaskWay) -> Calling:
    masked = Trial(way.applied(trial.subject), trial.case)
    mask = encode(some_hidden(way, masked), way, masked)
    return Calling(way.argument.parameter, masked, {way.argument.input: mask})


def _values(trial: Trial, parameter: inspect.Parameter) -> Iterator[Any]:
    """Yield what an optional argument may be given: another switch, a number, a tensor."""
    default = parameter.default
    if isinstance(default, bool):
        yield not default
        return
    if isinstance(default, (int, float)):
        yield default + 1
        return
    if default is not None or isinstance(default, str):
        return
    text = str(parameter.annotation)
    if "bool" in text:
        yield True
    own = trial.inputs(draw_seed=5)[trial.main]
    yield own
    if own.ndim == 3 and "Tensor" not in text:
        yield True
    if own.ndim > 2:
        yield own.flatten(1, -2).mean(1)
        yield own[:1]


def _runs(calling: Calling) -> bool:
    trial = calling.trial
    try:
        with torch.no_grad():
            trial.run(trial.module(), {**trial.inputs(), **calling.masks})
    except (SubjectError, KeyError, RuntimeError):
        return False
    return True
