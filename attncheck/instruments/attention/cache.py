"""Recognise a cache of keys and values, and pass it on to the next step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from attncheck.lazy import torch
from attncheck.signature.convention import Argument
from attncheck.signature.forward import forward_parameters, named_parameters
from attncheck.subject.trial import Trial

_NAMES = (
    *("past", "past_key_value", "past_key_values", "past_kv", "layer_past", "kv_cache", "cache"),
    *("kv", "past_kvs", "prev_kv", "state", "memory_kv", "cached_kv", "key_value_cache"),
)


def cache_parameter(module: torch.nn.Module) -> str:
    """Return the name of the optional parameter of ``forward`` that takes a cache, or ``""``."""
    for parameter in named_parameters(forward_parameters(module)):
        if parameter.name in _NAMES and parameter.default is None:
            return parameter.name
    return ""


def find_cache(raw: Any, main: torch.Tensor) -> Any:
    """Return the cache in what ``forward`` returned: the nest of tensors beside the output."""
    parts = list(raw.values()) if isinstance(raw, Mapping) else raw
    if not isinstance(parts, (tuple, list)):
        return None
    nests = [part for part in parts if isinstance(part, (tuple, list, dict)) and len(part)]
    return nests[0] if nests else None


def pass_cache(trial: Trial, parameter: str, cache: Any) -> Trial:
    """Return a trial whose calls pass this cache by keyword; None passes nothing."""
    if cache is None:
        return trial
    call = trial.subject.convention
    argument = Argument(parameter, "cache", (), "", True)
    changed = replace(call, arguments=(*call.arguments, argument))
    return _Cached(trial.subject.called(changed), trial.case, cache)


@dataclass(frozen=True)
class _Cached(Trial):
    cache: Any = None

    def _value(self, argument: Argument, inputs: Mapping[str, torch.Tensor]) -> Any:
        if argument.input == "cache":
            return self.cache
        return super()._value(argument, inputs)
