"""A constructor that takes a config: what makes one, and which fields it needs.

The class that the annotation names, or one of the same file with the fields that are read; else
an object that holds nothing but those fields.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, get_args

from attncheck.lazy import torch
from attncheck.signature.usage import Use

CONFIGS = (
    "config",
    "cfg",
    "conf",
    "args",
    "opt",
    "opts",
    "hparams",
    "params",
    "settings",
    "options",
)


_OPTIONAL = re.compile(r"^(typing\.)?Optional\[|\|\s*None\b|\bNone\s*\|")


class Fields(SimpleNamespace):
    """A config of the fields that a constructor reads, as attributes and as items."""

    def __getitem__(self, name: str) -> Any:
        return vars(self)[name]

    def __contains__(self, name: str) -> bool:
        return name in vars(self)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a field, or what is wanted where it is not there."""
        return vars(self).get(name, default)


@dataclass(frozen=True)
class Config:
    """What makes a config.

    Attributes:
        make: called with the fields by name.
        fields: the fields with their defaults, None where the signature of ``make`` says them.
        stands: a default of the author's that holds them, or None in place of the class's own:
            its widths may be audited narrower.
    """

    make: Any
    fields: Mapping[str, inspect.Parameter] | None = None
    stands: bool = False


def config_maker(factory: Any, parameter: inspect.Parameter, use: Use) -> Config | None:
    """Return what makes the config that a parameter takes; None where it takes none."""
    if (standing := default_config(parameter)) is not None:
        return standing
    if isinstance(parameter.annotation, _Read):
        return _read(parameter.annotation.names, {})
    known = _annotated(factory, parameter.annotation)
    if known is not None:
        return Config(known, stands=parameter.default is None and _needs_nothing(known))
    asked = (*use.fields, *use.keys)
    if not asked or (parameter.name.lower() not in CONFIGS and len(asked) < 2):
        return None
    if use.applied or use.made or parameter.annotation in (int, float, bool, str):
        return None
    if not use.keys and (own := _beside(factory, use.fields)) is not None:
        return Config(own)
    inner: dict[str, tuple[str, ...]] = {}
    for field, name in use.inner:
        inner[field] = (*inner.get(field, ()), name)
    found = _read(asked, inner)
    return Config(dict, found.fields) if use.keys and not use.fields else found


@dataclass(frozen=True)
class _Read:
    """What stands in a field's annotation: the field is a config itself, with these fields."""

    names: tuple[str, ...]


def _read(names: tuple[str, ...], inner: Mapping[str, tuple[str, ...]]) -> Config:
    """Return what makes an object of nothing but these fields, some of them with their own."""
    kind, empty = inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.empty
    read = {name: _Read(inner[name]) if name in inner else empty for name in names}
    return Config(
        Fields, {n: inspect.Parameter(n, kind, annotation=own) for n, own in read.items()}
    )


def default_config(parameter: inspect.Parameter) -> Config | None:
    """Return what makes the config that a parameter has by default, with its values."""
    kind = type(parameter.default)
    if parameter.default is parameter.empty or not (_is_plain(kind) and _fields(kind)):
        return None
    signature = inspect.signature(kind).parameters
    held = vars(parameter.default) if hasattr(parameter.default, "__dict__") else {}
    if not set(signature) <= set(held):
        return None
    fields = {name: p.replace(default=held[name]) for name, p in signature.items()}
    return Config(kind, fields, stands=True)


def named_object(factory: Any, text: str) -> Any:
    """Return the layer or class that a text names, such as ``nn.LayerNorm`` or ``GPTConfig()``.

    The text itself is returned where it names none: only classes of ``torch.nn.Module`` and
    config classes of the factory's own file are looked for, and nothing else is called.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        call = tree if isinstance(tree, ast.Call) else None
        found = _class(factory, call.func if call else tree)
        if found is None:
            return text
        if call is None:
            return found
        given = [ast.literal_eval(argument) for argument in call.args]
        named = {k.arg: ast.literal_eval(k.value) for k in call.keywords if k.arg}
        return found(*given, **named)
    except (SyntaxError, ValueError, TypeError):
        return text


def _class(factory: Any, node: ast.expr) -> Any:
    if isinstance(node, ast.Attribute):
        return getattr(torch.nn, node.attr, None) if _is_layer(node.attr) else None
    if not isinstance(node, ast.Name):
        return None
    found = _scope(factory).get(node.id)
    if isinstance(found, type) and (issubclass(found, torch.nn.Module) or _is_plain(found)):
        return found
    return getattr(torch.nn, node.id) if _is_layer(node.id) else None


def _is_layer(name: str) -> bool:
    found = getattr(torch.nn, name, None)
    return isinstance(found, type) and issubclass(found, torch.nn.Module)


def _scope(factory: Any) -> Mapping[str, Any]:
    module = sys.modules.get(str(getattr(factory, "__module__", "")))
    return vars(module) if module is not None else {}


def _annotated(factory: Any, annotation: Any) -> Any:
    """Return the config class that an annotation names; it may be a text."""
    if isinstance(annotation, str):
        named = _OPTIONAL.sub("", annotation.strip("'\" ")).strip("[] ")
        annotation = _scope(factory).get(named)
    elif type(None) in (held := get_args(annotation)) and len(held) == 2:
        annotation = next(one for one in held if one is not type(None))
    return annotation if isinstance(annotation, type) and _is_plain(annotation) else None


def _is_plain(kind: type) -> bool:
    """Say whether a class is written to hold settings: no module, no part of Python or torch."""
    top = str(getattr(kind, "__module__", "")).partition(".")[0]
    if top in ("builtins", "torch", "typing", "collections") or top in sys.stdlib_module_names:
        return False
    return not issubclass(kind, torch.nn.Module)


def _needs_nothing(kind: type) -> bool:
    """Say whether a config is made without any argument."""
    try:
        parameters = inspect.signature(kind).parameters.values()
    except (TypeError, ValueError):
        return False
    return all(
        p.default is not p.empty or p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters
    )


def _beside(factory: Any, fields: tuple[str, ...]) -> Any:
    """Return the one class of the factory's file that has all of these fields."""
    found = [
        kind
        for kind in _scope(factory).values()
        if isinstance(kind, type) and _is_plain(kind) and set(fields) <= _fields(kind)
    ]
    return found[0] if len(found) == 1 else None


def _fields(kind: type) -> set[str]:
    try:
        return set(inspect.signature(kind).parameters)
    except (TypeError, ValueError):
        return set()
