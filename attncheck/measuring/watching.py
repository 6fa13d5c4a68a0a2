"""Watch a subject's calls of torch functions, one after another."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, cast

from attncheck.lazy import torch


def watch(after: Callable[[Any], None]) -> AbstractContextManager[None]:
    """Return a context in which ``after(function)`` follows every call of a torch function.

    The callback runs on the subject's stack, so that :func:`attncheck.measuring.stack.line_now`
    gives the line; what it calls itself is not watched.
    """

    class Watching(torch.overrides.TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            result = func(*args, **(kwargs or {}))
            after(func)
            return result

    return cast(AbstractContextManager[None], Watching())
