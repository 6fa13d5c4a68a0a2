"""Stand-ins for what cannot be imported here, which a file imports and its class may not need.

A file of blocks imports what its drawing, its tokeniser or its training needs. Whatever is taken
from a module that is not there is a class that can be named, inherited from and, while the file is
loaded, called; who calls it later needs the module, and is told so.
"""

from __future__ import annotations

import builtins
import functools
import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import ModuleType
from typing import Any

from attncheck.data.installed import installed_folders
from attncheck.errors import TargetError

_WANTED = "__attncheck_wanted__"
"""Of an exception: the module that a file asked for."""
_REAL = "__attncheck_real__"
"""Of a stand-in: the module itself, where it is there."""
_loading: list[bool] = []


class AbsentError(TargetError):
    """What is asked for comes from a module that cannot be imported here."""

    def __init__(self, module: str, where: str = "") -> None:
        super().__init__(f"it needs '{module}', which cannot be imported here", where=where)


class Absent(type):
    """The class of what is taken from a module that is not there; ``module`` names that."""

    module: str

    def __call__(cls, *args: Any, **named: Any) -> Any:
        """Return a stand-in for the result, while the file is loaded.

        Raises:
            AbsentError: afterwards, for nobody knows what it would return.
        """
        if not _loading:
            raise AbsentError(cls.module)
        return _standing(cls.module, cls.__name__)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _standing(cls.module, name)

    def __getitem__(cls, item: Any) -> Any:
        return cls

    def __iter__(cls) -> Any:
        raise AbsentError(cls.module)


class _Stand(ModuleType):
    """Stands for a module, or for what one that is there lacks."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__dict__[_REAL] = sys.modules.get(name)

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":  # of a star: nobody knows which names it would bring
            raise AbsentError(self.__name__)
        real = self.__dict__[_REAL]
        if hasattr(real, name):
            return getattr(real, name)
        if name.startswith("__"):
            raise AttributeError(name)
        return _standing(self.__name__, name)


def _standing(module: str, name: str) -> Absent:
    return Absent(name, (), {"module": module})


def wanted_by(error: BaseException) -> str:
    """Return the module that a file asked for when this was raised, "" where it was another's."""
    return str(getattr(error, _WANTED, ""))


@contextmanager
def standing_in(names: Sequence[str], top: str = "") -> Iterator[None]:
    """Give stand-ins for modules of these names to whoever imports them and is not installed.

    Args:
        names: absolute, or with dots where a package does not reach so far.
        top: an installed package that gets them too.
    """
    original = builtins.__import__

    def found(
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - people call it by these names
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        if globals is None or not _is_own(globals, top):
            return original(name, globals, locals, fromlist or (), level)
        wanted = _absolute(name, globals, level)
        if wanted in names:
            return _Stand(wanted if fromlist else wanted.partition(".")[0])
        try:
            module = original(name, globals, locals, fromlist or (), level)
            for part in fromlist or ():
                inner = f"{module.__name__}.{part}"
                if part != "*" and not hasattr(module, part) and inner not in sys.modules:
                    raise ImportError(f"cannot import name '{part}' from '{wanted}'")
        except Exception as error:
            if not wanted_by(error):
                setattr(error, _WANTED, wanted)
            raise
        return module

    builtins.__import__ = found
    _loading.append(True)
    try:
        yield
    finally:
        _loading.pop()
        builtins.__import__ = original


def _is_own(scope: Mapping[str, Any], top: str) -> bool:
    if str(scope.get("__name__", "")).partition(".")[0] == (top or None):
        return True
    return _is_written_here(str(scope.get("__file__") or ""))


@functools.cache
def _is_written_here(file: str) -> bool:
    """Say whether a file is neither Python's nor installed; each import of each file asks."""
    return bool(file) and not os.path.realpath(file).startswith(installed_folders())


def _absolute(name: str, scope: Mapping[str, Any], level: int) -> str:
    dotted = "." * level + name
    try:
        return importlib.util.resolve_name(dotted, scope.get("__package__"))
    except ImportError:
        return dotted
