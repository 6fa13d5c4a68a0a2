"""A definition as a function of named slots, and the module that is made from it."""

from __future__ import annotations

import ast
import importlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import Tensor, nn

from attncheck.data.formula import evaluate
from attncheck.reference.slots import Slot


class Mechanism:
    """A mechanism's executable definition; call it with dims to get a module.

    Attributes:
        function: ``function(p, o, *inputs)``: ``p`` holds the slots, ``o`` dims and options.
        slots: slot name -> its declaration.
        defaults: dim or option -> its default; None where the caller must give it.
        derived: dim -> formula over the others, in order.
        tree: the function's source where it is composed of stages, with the lines of its file;
            None where the function is its source.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        slots: Mapping[str, Slot],
        defaults: Mapping[str, Any],
        derived: Mapping[str, str],
        tree: ast.FunctionDef | None = None,
    ) -> None:
        self.function = function
        self.tree = tree
        self.slots = dict(slots)
        self.defaults = dict(defaults)
        self.derived = dict(derived)
        self.__name__ = function.__name__
        self.__qualname__ = function.__qualname__
        self.__module__ = function.__module__
        self.__doc__ = function.__doc__
        self.__signature__ = inspect.Signature(
            [
                inspect.Parameter(
                    name,
                    inspect.Parameter.KEYWORD_ONLY,
                    default=inspect.Parameter.empty if value is None else value,
                )
                for name, value in self.defaults.items()
            ]
        )

    def counting(self, values: Mapping[str, Any]) -> frozenset[str]:
        """Return the dims and options that may make a difference beside these values of others."""
        return frozenset(self.defaults)

    def under(self, values: Mapping[str, Any]) -> Mechanism:
        """Return what is left of the definition when its options have these values."""
        return self

    def __call__(self, **given: Any) -> DefinedModule:
        return DefinedModule(self, self.values(given))

    def values(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return every dim and option: given, default or derived.

        Raises:
            TypeError: a name is unknown or missing.
        """
        unknown = set(given) - set(self.defaults)
        missing = {n for n, v in self.defaults.items() if v is None} - set(given)
        if unknown or missing:
            raise TypeError(
                f"{self.__name__}: unknown {unknown or '{}'}, missing {missing or '{}'}"
            )
        values = {**self.defaults, **given}
        for name, formula in self.derived.items():
            values[name] = evaluate(formula, values)
        return values

    def __reduce__(self) -> tuple[Any, ...]:
        return _find, (self.__module__, self.__qualname__)


def _find(module: str, name: str) -> Mechanism:
    found = getattr(importlib.import_module(module), name)
    assert isinstance(found, Mechanism)
    return found


class DefinedModule(nn.Module):
    """The module of a definition: one child per slot, ``forward`` is the definition itself."""

    def __init__(self, mechanism: Mechanism, values: Mapping[str, Any]) -> None:
        super().__init__()
        self.mechanism = mechanism
        self.values = dict(values)
        for name, slot in mechanism.slots.items():
            present = slot.exists(values)
            layer = slot.make(values) if present else None
            if slot.kind == "tensor":
                self.register_parameter(name, layer)  # type: ignore[arg-type]
            elif slot.kind == "buffer":
                self.register_buffer(name, layer)  # type: ignore[arg-type]
            else:
                self.register_module(name, layer)  # type: ignore[arg-type]

    @property
    def forward_signature(self) -> inspect.Signature:
        """What ``forward`` takes: the definition's inputs, without its slots and options."""
        inputs = list(inspect.signature(self.mechanism.function).parameters.values())[2:]
        return inspect.Signature(inputs)

    def forward(self, *inputs: Tensor, **named: Any) -> Any:
        """Apply the definition to inputs of the shapes that the spec states."""
        options = Values(self.values, training=self.training)
        return self.mechanism.function(self, options, *inputs, **named)


class Values:
    """A definition's dims and options as attributes: a namespace that torch's compiler follows."""

    def __init__(self, values: Mapping[str, Any], *, training: bool) -> None:
        self.training = training
        for name, value in values.items():
            setattr(self, name, value)


def mechanism(
    *,
    dims: Mapping[str, Any],
    derived: Mapping[str, str] | None = None,
    options: Mapping[str, Any] | None = None,
    **slots: Slot,
) -> Callable[[Callable[..., Any]], Mechanism]:
    """Declare the decorated function as a mechanism's definition.

    Args:
        dims: dim -> default; None where the caller must give it.
        derived: dim -> formula over the others.
        options: option -> default.
        slots: the learned tensors, by the names that the function uses.
    """

    def declare(function: Callable[..., Any]) -> Mechanism:
        return Mechanism(function, slots, {**dims, **(options or {})}, derived or {})

    return declare
