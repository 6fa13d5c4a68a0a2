"""An optional argument that is read only where another optional input is given beside it.

A cross-attention's keys are cached under the layer's own names and filled from outside: without
a context to attend to, whatever is handed in changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from attncheck.lazy import torch
from attncheck.signature.forward import forward_parameters, named_parameters
from attncheck.signature.masks import is_mask_name
from attncheck.subject.raising import SubjectError
from attncheck.subject.trial import Trial


class Untouched:
    """What may be compared with ``None`` and handed on; all else is noted, and raises."""

    def __init__(self) -> None:
        self.__dict__["touched"] = False

    def _touch(self, *_: Any) -> NoReturn:
        self.__dict__["touched"] = True
        raise TypeError("nothing may be done with it")

    def __getattr__(self, name: str) -> NoReturn:
        self._touch()

    __len__ = __bool__ = __iter__ = __getitem__ = __setitem__ = _touch
    __contains__ = __call__ = __setattr__ = _touch


@dataclass(frozen=True)
class _Given(Trial):
    """A trial with further arguments by their names."""

    extra: Mapping[str, Any] = field(default_factory=dict)

    def arguments(self, inputs: Mapping[str, torch.Tensor]) -> tuple[list[Any], dict[str, Any]]:
        """Return what ``forward`` is given, and what goes with it."""
        positional, keyword = super().arguments(inputs)
        return positional, {**keyword, **self.extra}


def read_beside(trial: Trial, name: str) -> str:
    """Return the optional input without which a parameter is not looked at, ``""`` for none.

    Args:
        trial: a call without either.
        name: the parameter.
    """
    module = trial.module()
    if name not in {p.name for p in forward_parameters(module)} or _touches(trial, module, name):
        return ""
    taken = {a.parameter for a in trial.subject.convention.arguments}
    for other in named_parameters(forward_parameters(module)):
        if other.default is not None or other.name in {name, *taken} or is_mask_name(other.name):
            continue
        if _touches(trial, module, name, {other.name: trial.inputs()[trial.main]}):
            return other.name
    return ""


def named_beside(trial: Trial, name: str) -> str:
    """Return the optional input of a mask's first word that the module cannot take, "" for none.

    ``encoder_attention_mask`` is of ``encoder_hidden_states``, which a layer without a projection
    for them refuses.

    Args:
        trial: a call without either.
        name: the mask.
    """
    module = trial.module()
    taken = {a.parameter for a in trial.subject.convention.arguments}
    for other in named_parameters(forward_parameters(module)):
        if other.default is not None or other.name in {name, *taken} or is_mask_name(other.name):
            continue
        if other.name.split("_")[0] != name.split("_")[0]:
            continue
        context = {other.name: trial.inputs()[trial.main]}
        try:
            _Given(trial.subject, trial.case, context).run(module, trial.inputs())
        except SubjectError as refusal:
            if not isinstance(refusal.error, RuntimeError):  # of shapes, which say nothing
                return other.name
    return ""


def _touches(
    trial: Trial,
    module: torch.nn.Module,
    name: str,
    beside: Mapping[str, torch.Tensor] | None = None,
) -> bool:
    """Say whether the parameter is looked at; without what is beside it, whether it may be."""
    held = Untouched()
    given = _Given(trial.subject, trial.case, {**(beside or {}), name: held})
    try:
        given.run(module, trial.inputs())
    except SubjectError:
        return bool(held.touched) or beside is None
    return bool(held.touched)
