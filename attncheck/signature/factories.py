"""What may be called to build a module: decided before it is called with anything."""

from __future__ import annotations

import copy
import functools
import inspect
import sys
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from attncheck.errors import TargetError
from attncheck.lazy import torch

_WRITE = "name a subclass of torch.nn.Module, or a function that returns one"


class Within(NamedTuple):
    """Where an instance stands: the whole model, its own dotted name in it, and the model's call.

    The call is told by ``--input`` texts, none where it is found by trying.
    """

    model: torch.nn.Module
    place: str
    texts: list[str]


class AsItIs:
    """Makes copies of an instance, and nothing else: other arguments than its own are refused.

    Attributes:
        module: the instance.
        options: the constructor's arguments that its attributes of the same names hold.
        cached: the parameter through which its model hands it a cache and no mask, "" without one.
        called_at: what its model hands it, where it is called with less; "" where it is not.
        within: the model that must be called to know the call of this part; None for no such.
    """

    def __init__(self, module: torch.nn.Module, cached: str = "") -> None:
        self.module = module
        self.cached = cached
        self.called_at = ""
        self.within: Within | None = None
        own = vars(module)
        wanted = _parameters_of(type(module))
        self.options = {name: own[name] for name in wanted if type(own.get(name)) in _PLAIN}
        kind = inspect.Parameter.KEYWORD_ONLY
        self.__signature__ = inspect.Signature([inspect.Parameter(n, kind) for n in self.options])

    def __call__(self, **known: Any) -> torch.nn.Module:
        """Return a copy of the instance.

        Raises:
            ValueError: another size or option is wanted than it has.
        """
        if any(name not in self.options or self.options[name] != known[name] for name in known):
            raise ValueError("an instance has the sizes and options that it has")
        return copy.deepcopy(self.module)


_PLAIN = (bool, int, float, tuple)


def _parameters_of(kind: type) -> list[str]:
    try:
        return list(inspect.signature(kind).parameters)
    except (TypeError, ValueError):
        return []


def check_factory(found: Any, place: str, module: ModuleType, target: str) -> None:
    """Refuse what makes no module of the place that a user named.

    A class must be a ``torch.nn.Module``; a function must be written in that file or package, for
    what a file merely imports (``from subprocess import getoutput``) is no module of it.

    Args:
        found: what stands under the name.
        place: the file or module as the target writes it.
        module: the place, imported.
        target: what the user typed, for messages.

    Raises:
        TargetError: it is not to be called.
    """
    if is_class(found):
        if not is_module_class(found):
            name = type.__getattribute__(found, "__name__")
            raise TargetError(
                f"'{name}' is a class, but no torch.nn.Module", where=target, instead=_WRITE
            )
        return
    function = _function(found)
    standard = module.__name__.partition(".")[0] in sys.stdlib_module_names
    if isinstance(function, BuiltinFunctionType) or (standard and callable(function)):
        name = getattr(function, "__name__", place)
        raise TargetError(
            f"'{name}' is one of Python's own functions: it makes no module",
            where=target,
            instead=_WRITE,
        )
    if isinstance(function, FunctionType) and (home := _elsewhere(function, module)):
        raise TargetError(
            f"'{function.__name__}' is no function of {place}: it is imported from {home}",
            where=target,
            instead=f"if it builds the module, name it there: {home}:{function.__name__}",
        )


def only_module(module: ModuleType, name: str, target: str) -> Any:
    """Return the class or the definition that a name means, looked up without running anything.

    For targets that nobody here has typed: no function is a factory then, whosever it is.

    Raises:
        TargetError: it is neither a ``torch.nn.Module`` nor a mechanism's definition.
    """
    from attncheck.reference.mechanism import Mechanism

    found: Any = module
    for part in name.split("."):
        # A property, a descriptor or a module's __getattr__ would be a call.
        found = inspect.getattr_static(found, part, None)
    if type(found) is Mechanism or (is_class(found) and is_module_class(found)):
        return found
    raise TargetError(
        f"'{name}' is no class of torch.nn.Module",
        where=target,
        instead="a finding of elsewhere builds nothing else",
    )


def is_class(thing: Any) -> bool:
    """Say whether it is a class, whatever it claims to be."""
    return issubclass(type(thing), type)


def is_module_class(thing: type) -> bool:
    """Say whether a class is a ``torch.nn.Module``, without asking the class or its metaclass."""
    return torch.nn.Module in type.__getattribute__(thing, "__mro__")


def _function(found: Any) -> Any:
    """Return the function that a partial or a bound method calls in the end."""
    while True:
        if isinstance(found, functools.partial):
            found = found.func
        elif isinstance(found, MethodType):
            return None  # of a class or an object that stands there
        else:
            return found


def _elsewhere(function: FunctionType, module: ModuleType) -> str:
    """Return the module that a function is imported from, "" for one of this file or package.

    A closure is at home where it was made for: decorators seldom say whom they wrap.
    """
    home = function.__module__ or ""
    top = module.__name__
    if home == top or home.startswith(f"{top}.") or "<locals>" in function.__qualname__:
        return ""
    there: Any = sys.modules.get(home)
    written = vars(there) if isinstance(there, ModuleType) else {}
    if written.get(function.__name__) is not function:
        return ""
    return "" if _package(home) and _package(home) == _package(top) else home


def _package(name: str) -> str:
    """Return the top package of a module's name, "" for a module without one."""
    top, dot, _ = name.partition(".")
    return top if dot else ""
