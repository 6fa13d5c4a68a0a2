"""Copies of a module: from its state, by deepcopy, and by pickle."""

from __future__ import annotations

import copy
import io
import pickle
import sys
from collections.abc import Callable
from typing import Any

from attncheck.lazy import torch
from attncheck.subject.raising import first_line
from attncheck.subject.trial import Trial


def _reloaded(trial: Trial, module: torch.nn.Module) -> torch.nn.Module:
    """Load the state into a module that another seed made."""
    state = copy.deepcopy({name: t.detach() for name, t in module.state_dict().items()})
    twin = trial.with_case(seed=trial.case.seed + 101).module(initial=True)
    twin.load_state_dict(state, strict=True)
    return twin.train(module.training)


def _deep_copied(trial: Trial, module: torch.nn.Module) -> torch.nn.Module:
    return copy.deepcopy(module)


def _pickled(trial: Trial, module: torch.nn.Module) -> torch.nn.Module | None:
    unknown = [kind for part in module.modules() if not _importable(kind := type(part))]
    if type(module) in unknown or not all(is_local(kind) for kind in unknown):
        return None  # where it is kept is not the module's doing
    buffer = io.BytesIO()
    # torch's own protocol, 2, refuses names that are not ASCII: no fault of the module's.
    torch.save(module, buffer, pickle_protocol=pickle.DEFAULT_PROTOCOL)
    buffer.seek(0)
    loaded = torch.load(buffer, weights_only=False)
    return loaded if isinstance(loaded, torch.nn.Module) else None


def is_local(kind: type) -> bool:
    """Say whether a class is made inside a function."""
    return "<locals>" in kind.__qualname__


def _importable(kind: type) -> bool:
    """Say whether pickle finds the class by its name: not so for one made inside a function."""
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind


RELOADED, DEEP = "loading its state_dict into a fresh module", "copy.deepcopy after a forward"
COPIES: dict[str, Callable[[Trial, torch.nn.Module], torch.nn.Module | None]] = {
    RELOADED: _reloaded,
    DEEP: _deep_copied,
    "torch.save of the module": _pickled,
}
"""How a copy is made, in words: None where a class cannot be found by its name."""


def refused(way: str, error: Exception) -> str:
    """Say what came of a way to copy."""
    return f"{way} raises {type(error).__name__}: {first_line(error)}"
