"""What a module holds: registered state, and tensors kept elsewhere on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from attncheck.lazy import torch

_DEPTH = 4


def parameters_and_buffers(module: torch.nn.Module) -> dict[str, tuple[int, torch.Tensor]]:
    """Return name -> (identity, copy of the values) of every parameter and buffer."""
    found = [*module.named_parameters(), *module.named_buffers()]
    return {name: (id(tensor), tensor.detach().clone()) for name, tensor in found}


def plain_attributes(module: torch.nn.Module) -> Iterator[tuple[str, Any, Any]]:
    """Yield (path, owner, value) of everything that stands on the module without registration.

    The owner is the submodule whose attribute it is; paths read ``block.tables[0]``. Only
    containers are entered; registered parameters, buffers and submodules are left out.
    """
    for prefix, sub in module.named_modules():
        for name, value in list(vars(sub).items()):
            if name in _MACHINERY:
                continue
            path = f"{prefix}.{name}" if prefix else name
            for where, found in _entries(path, value, _DEPTH):
                yield where, sub, found


def tensors_kept(module: torch.nn.Module) -> int:
    """Return how many tensor elements stand on the module without being registered."""
    seen: dict[int, int] = {}
    for _, _, value in plain_attributes(module):
        if isinstance(value, torch.Tensor):
            seen[id(value)] = value.numel()
    return sum(seen.values())


def _entries(path: str, value: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (torch.Tensor, torch.nn.Module)):
        yield path, value
    elif depth and isinstance(value, Mapping):
        for key, entry in value.items():
            yield from _entries(f"{path}[{key!r}]", entry, depth - 1)
    elif depth and isinstance(value, (list, tuple, set)):
        for index, entry in enumerate(value):
            yield from _entries(f"{path}[{index}]", entry, depth - 1)


_MACHINERY = frozenset(
    {
        "_parameters",
        "_buffers",
        "_modules",
        "_non_persistent_buffers_set",
        "_backward_pre_hooks",
        "_backward_hooks",
        "_is_full_backward_hook",
        "_forward_hooks",
        "_forward_hooks_with_kwargs",
        "_forward_hooks_always_called",
        "_forward_pre_hooks",
        "_forward_pre_hooks_with_kwargs",
        "_state_dict_hooks",
        "_state_dict_pre_hooks",
        "_load_state_dict_pre_hooks",
        "_load_state_dict_post_hooks",
    }
)


def replace_plain_tensors(
    module: torch.nn.Module, change: Callable[[torch.Tensor], torch.Tensor], only: str = ""
) -> None:
    """Put changed tensors in the place of those that stand on the module unregistered.

    Args:
        module: changed in place.
        change: gives the new tensor.
        only: the path of the one to change, every one by default.
    """
    for prefix, sub in module.named_modules():
        for name, value in list(vars(sub).items()):
            if name in _MACHINERY:
                continue
            path = f"{prefix}.{name}" if prefix else name
            if any(isinstance(v, torch.Tensor) for _, v in _entries(path, value, _DEPTH)):
                vars(sub)[name] = _replaced(path, value, change, only)


def _replaced(
    path: str, value: Any, change: Callable[[torch.Tensor], torch.Tensor], only: str
) -> Any:
    if isinstance(value, torch.Tensor):
        return change(value) if only in ("", path) else value
    if type(value) is dict:
        return {k: _replaced(f"{path}[{k!r}]", v, change, only) for k, v in value.items()}
    if type(value) in (list, tuple):
        entries = [_replaced(f"{path}[{i}]", v, change, only) for i, v in enumerate(value)]
        return type(value)(entries)
    return value
