"""A look at every operator that the dispatcher runs, without loading torch's compiler.

Loading it costs seconds, on a call that compiles nothing.
"""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import lru_cache
from types import CodeType, FunctionType
from typing import Any

from attncheck.lazy import torch


def watching(run: Callable[[Any, Any, Any, Any], Any]) -> AbstractContextManager[Any]:
    """Return a context in which every operator goes through ``run(mode, operator, args, kwargs)``.

    ``run`` must call the operator and return what it returns. Inside ``run`` the context is off;
    ``with mode:`` turns it on again. A tensor that wraps others (a jagged one, a sharded one) is
    left to unwrap itself, and ``run`` sees the operators on the tensors inside.
    """
    from torch.utils._python_dispatch import TorchDispatchMode

    class Mode(TorchDispatchMode):  # type: ignore[no-untyped-call,unused-ignore]
        supports_higher_order_operators = True

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            # Otherwise torch wraps the method and imports its compiler: seconds, for nothing.
            return False

        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if any(hasattr(kind, "__tensor_flatten__") for kind in types):
                return NotImplemented
            return run(self, func, args, kwargs or {})

    return Mode()  # type: ignore[no-untyped-call,unused-ignore]


@lru_cache(maxsize=1)
def spare_the_compiler() -> None:
    """Let the Python kernels behind ``meta`` run without importing ``torch._dynamo``.

    Each of them asks the compiler, on its first call, for a version of itself that is not
    compiled, and keeps it in an attribute. What it would get is itself.
    """
    if "torch._dynamo" in sys.modules or not hasattr(torch, "_disable_dynamo"):
        return
    for asking in torch._disable_dynamo.__code__.co_consts:
        if not isinstance(asking, CodeType) or "fn" not in asking.co_freevars:
            continue
        for function in gc.get_referrers(asking):
            if isinstance(function, FunctionType) and function.__closure__:
                kernel = function.__closure__[asking.co_freevars.index("fn")].cell_contents
                kernel.__dict__.setdefault("__dynamo_disable", kernel)
