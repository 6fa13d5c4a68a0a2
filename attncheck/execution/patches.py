"""Notice that a subject replaced functions of torch under attncheck's feet."""

from __future__ import annotations

from typing import Any

from attncheck.instruments.behaviour.process import wrapped_by_torch

PATCHED = 96
"""Exit status of a child in which torch, or what judges, is no longer what it was."""
PATCHES = "attncheck: the module replaces functions of "
"""What the child prints before whose they are, and their names."""

_MOST = 5


def functions() -> dict[str, Any]:
    """Return what can be called in torch's main namespaces, by name."""
    import torch

    places = {
        "torch": torch,
        "torch.Tensor": torch.Tensor,
        "torch.nn.functional": torch.nn.functional,
        "torch.nn.Module": torch.nn.Module,
    }
    return {
        f"{place}.{name}": value
        for place, holder in places.items()
        for name, value in list(vars(holder).items())
        if callable(value)
    }


def replaced(before: dict[str, Any]) -> str:
    """Return ``torch: `` and the names of functions that are others than before, "" if none is."""
    now = functions()
    changed = [
        name
        for name, value in before.items()
        if now.get(name) is not value and not wrapped_by_torch(now.get(name), value)
    ]
    more = f" and {len(changed) - _MOST} more" if len(changed) > _MOST else ""
    return "torch: " + ", ".join(changed[:_MOST]) + more if changed else ""
