"""Which submodules are running, without leaving a hook on any of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from attncheck.lazy import torch


class Stack:
    """The submodules of a module that are being called, outermost first.

    Attributes:
        path: their names, the root as ``""``.
    """

    def __init__(self, module: torch.nn.Module | None) -> None:
        named = [] if module is None else list(module.named_modules())
        self._names = {id(submodule): name for name, submodule in named}
        self._entered: list[str] = []

    @property
    def path(self) -> tuple[str, ...]:
        """Each name once, however often a module calls itself."""
        return tuple(dict.fromkeys(self._entered))

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Follow calls while the context is open."""
        if not self._names:
            yield
            return
        from torch.nn.modules.module import (
            register_module_forward_hook,
            register_module_forward_pre_hook,
        )

        def enter(module: torch.nn.Module, _: Any) -> None:
            if id(module) in self._names:
                self._entered.append(self._names[id(module)])

        def leave(module: torch.nn.Module, _: Any, __: Any) -> None:
            if id(module) in self._names and self._entered:
                self._entered.pop()

        before = register_module_forward_pre_hook(enter)
        after = register_module_forward_hook(leave, always_call=True)
        try:
            yield
        finally:
            before.remove()
            after.remove()
