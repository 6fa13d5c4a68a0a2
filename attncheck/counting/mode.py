"""A look at every operator that the dispatcher runs, without loading torch's compiler."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any


def watching(run: Callable[[Any, Any, Any, Any], Any]) -> AbstractContextManager[Any]:
    """Return a context in which every operator goes through ``run(mode, operator, args, kwargs)``.

    ``run`` must call the operator and return what it returns. Inside ``run`` the context is off;
    ``with mode:`` turns it on again.
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
            return run(self, func, args, kwargs or {})

    return Mode()  # type: ignore[no-untyped-call,unused-ignore]
