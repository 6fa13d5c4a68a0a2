"""A look at every operator that the dispatcher runs, without loading what only compiling needs.

Loading it costs seconds, on a call that compiles nothing.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import operator
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import lru_cache
from types import CodeType, FunctionType, ModuleType
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


class _NoSymbol:
    """The class of symbols, while there are none."""


def _of_numbers(name: str, answer: Callable[..., Any]) -> Callable[..., Any]:
    def answered(*sizes: Any) -> Any:
        return (answer if all(map(_is_number, sizes)) else getattr(_real(_SYMBOLS), name))(*sizes)

    return answered


def _is_number(size: Any) -> bool:
    if isinstance(size, (tuple, list)):
        return all(map(_is_number, size))
    return isinstance(size, (bool, int))


_SYMBOLS = "torch.fx.experimental.symbolic_shapes"
_ANSWERS: Mapping[str, Callable[..., Any]] = {
    **dict.fromkeys(("expect_true", "guard_or_false", "guard_or_true", "guard_bool"), bool),
    **dict.fromkeys(("statically_known_true", "guard_size_oblivious", "definitely_true"), bool),
    "guard_int": int,
    "guarding_hint_or_throw": int,
    "has_guarding_hint": lambda _: True,
    "is_nested_int": lambda _: False,
    "sym_and": lambda *all_of: all(all_of),
    "sym_or": lambda *any_of: any(any_of),
    "sym_eq": operator.eq,
}
"""What the kernels behind ``meta`` ask of sizes, where these are numbers."""
_ASKED: Mapping[str, Mapping[str, Any]] = {
    _SYMBOLS: {name: _of_numbers(name, answer) for name, answer in _ANSWERS.items()},
    "sympy": {"Basic": _NoSymbol},
}


@contextmanager
def sizes_are_numbers() -> Iterator[None]:
    """Let the kernels behind ``meta`` look at sizes without importing sympy.

    They ask a module for symbols whether a size is one. While none is there, a stand-in answers for
    numbers; whatever else is asked of it loads the module itself.
    """
    if any(name in sys.modules for name in _ASKED):
        yield
        return
    with contextlib.suppress(ImportError):
        importlib.import_module("torch.fx.experimental._config")  # which they read beside
    sys.modules.update((name, _Asked(name)) for name in _ASKED)
    try:
        yield
    finally:
        for name in _ASKED:
            if isinstance(sys.modules.get(name), _Asked):
                del sys.modules[name]


class _Asked(ModuleType):
    """Stands in for a module of which little is asked."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # of the import itself
            raise AttributeError(name)
        known = _ASKED[self.__name__]
        return known[name] if name in known else getattr(_real(self.__name__), name)


def _real(name: str) -> ModuleType:
    """Load a module that stands-ins do not suffice for: from then on there are symbols."""
    for one in _ASKED:
        if isinstance(sys.modules.get(one), _Asked):
            del sys.modules[one]
    return importlib.import_module(name)
