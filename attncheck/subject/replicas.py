"""Modules of a definition: each is built once and copied, for an audit asks for it many times."""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from attncheck.lazy import torch

_MOST, _LARGEST = 128, 100_000
"""Modules that are kept, and numbers that each may hold."""
_HELD = frozenset((dict, OrderedDict, set))


class Replicas:
    """What was built, by what it was asked for with.

    This is for definitions alone, whose constructor is ours: it makes the same whenever it is
    asked for the same, of layers of torch that nobody has hooked or tied. What a stranger's
    constructor does may be what is wrong with it, so that it is run each time.
    """

    def __init__(self) -> None:
        self._kept: dict[Hashable, tuple[torch.nn.Module, torch.Tensor]] = {}

    def of(self, asked: Hashable, make: Callable[[], torch.nn.Module]) -> torch.nn.Module:
        """Return what ``make`` makes, or a copy of what it made when the same was asked.

        Torch's generator goes on from where building the module leaves it.
        """
        if (known := self._kept.get(asked)) is not None:
            module, state = known
            torch.default_generator.set_state(state)
            return replica(module)
        made = make()
        if sum(math.prod(p.shape) for p in made.parameters()) <= _LARGEST:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[asked] = replica(made), torch.default_generator.get_state()
        return made


def replica(module: torch.nn.Module) -> torch.nn.Module:
    """Return a module that was just built once more, with tensors of its own.

    ``copy.deepcopy`` looks for all that might be in one, and takes as long as building it.
    """
    other: torch.nn.Module = object.__new__(type(module))
    held = other.__dict__ = vars(module).copy()
    for name, value in vars(module).items():
        if type(value) in _HELD:
            held[name] = value.copy()
    tables: list[dict[str, Any]] = [other._modules, other._parameters, other._buffers]
    for parts in tables:
        for name, part in parts.items():
            if isinstance(part, torch.nn.Module):
                parts[name] = replica(part)
            elif part is not None:
                own = part.detach().clone()
                is_learned = isinstance(part, torch.nn.Parameter)
                parts[name] = torch.nn.Parameter(own, part.requires_grad) if is_learned else own
    return other
