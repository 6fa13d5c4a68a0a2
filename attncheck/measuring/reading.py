"""What a module's source mentions and what a call of it reaches: notes, never verdicts."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable

from attncheck.lazy import torch
from attncheck.subject import Subject


def never_called(module: torch.nn.Module, call: Callable[[], object]) -> list[str]:
    """Return the names of submodules whose ``forward`` the call does not reach.

    Weights that are used in functional calls belong to submodules that are never called.
    """
    reached: set[int] = set()
    hooks = [
        sub.register_forward_pre_hook(lambda m, _: reached.add(id(m))) for sub in module.modules()
    ]
    try:
        call()
    finally:
        for hook in hooks:
            hook.remove()
    containers = (torch.nn.ModuleList, torch.nn.ModuleDict)
    return [
        name
        for name, sub in module.named_modules()
        if name and id(sub) not in reached and not isinstance(sub, containers)
    ]


def arguments_not_read(subject: Subject) -> list[str]:
    """Return the constructor's parameters that its body never reads."""
    init = getattr(subject.factory, "__init__", None)
    tree = _tree(init) if isinstance(subject.factory, type) else None
    if tree is None:
        return []
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    function = next((n for n in tree.body if isinstance(n, ast.FunctionDef)), None)
    if function is None or "locals" in read:
        return []
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [a.arg for a in every[1:] if a.arg not in read]


def is_mentioned(module: torch.nn.Module, name: str) -> bool:
    """Say whether some method other than ``__init__`` names the parameter or a layer above it."""
    parts = name.split(".")
    words: set[str] = set()
    for sub in module.modules():
        kind = type(sub)
        for method in vars(kind).values():
            if inspect.isfunction(method) and method.__name__ != "__init__":
                tree = _tree(method)
                if tree is None:
                    return True
                words |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
    return parts[0] in words


def _tree(function: object) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))  # type: ignore[arg-type]
    except (OSError, TypeError, SyntaxError):
        return None
