"""Heavy libraries, loaded when one of their names is first used.

``from attncheck.lazy import torch`` gives a typed name that costs nothing until it is used, so
that listing or explaining probes never pays for importing torch.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch as torch
else:

    class _LazyModule(ModuleType):
        """Stands for a module until one of its attributes is asked for."""

        def __getattr__(self, name: str) -> Any:
            module = importlib.import_module(self.__name__)
            self.__dict__.update(module.__dict__)
            return getattr(module, name)

    torch = _LazyModule("torch")

__all__ = ["torch"]
