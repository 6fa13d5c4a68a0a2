"""Count without leaving a trace: statistics, parameters, generators and modes stay as they were."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attncheck.lazy import torch


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
