"""What a module's source mentions and what a call of it reaches: notes, never verdicts."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable

from attncheck.lazy import torch
from attncheck.subject.subject import Subject


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
    return _not_read(subject, "__init__")


def inputs_not_read(subject: Subject) -> list[str]:
    """Return the parameters of ``forward`` that its body never reads."""
    return _not_read(subject, "forward")


def _not_read(subject: Subject, method: str) -> list[str]:
    made = subject.written
    tree = _tree(getattr(made, method, None)) if isinstance(made, type) else None
    if tree is None:
        return []
    read = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    function = next((n for n in tree.body if isinstance(n, ast.FunctionDef)), None)
    if function is None or "locals" in read:
        return []
    every = [*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs]
    return [a.arg for a in every[1:] if a.arg not in read]


_ALL_PARTS = {"children", "named_children", "modules", "named_modules", "_modules", "parameters"}
"""Who calls one of these may mean any part."""


def is_mentioned(module: torch.nn.Module, name: str) -> bool:
    """Say whether methods other than ``__init__`` name every layer on the way to the parameter.

    Parts of a container are meant with it. A parameter's own name counts where no layer has it.
    """
    words: set[str] = set()
    for kind in {type(sub) for sub in module.modules()}:
        for method in [m for base in kind.__mro__ for m in _methods(base)]:
            tree = _tree(method)
            if tree is None:
                return True
            words |= {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)}
            words |= {str(n.value) for n in ast.walk(tree) if isinstance(n, ast.Constant)}
            words |= {"_modules"} if _asks_by_name(tree) else set()
    return bool(words & _ALL_PARTS) or all(part in words for part in _own_parts(module, name))


def _methods(kind: type) -> list[Callable[..., object]]:
    """Return the methods of a class itself: none of torch's, whose containers name no part."""
    if kind is object or kind.__module__.partition(".")[0] == "torch":
        return []
    found = vars(kind).values()
    return [m for m in found if inspect.isfunction(m) and m.__name__ != "__init__"]


def _asks_by_name(tree: ast.Module) -> bool:
    """Say whether ``getattr`` is called with a name that is made at run time."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and len(n.args) > 1]
    return any(
        isinstance(call.func, ast.Name)
        and call.func.id == "getattr"
        and not isinstance(call.args[1], ast.Constant)
        for call in calls
    )


def _own_parts(module: torch.nn.Module, name: str) -> list[str]:
    """Return the names on the way to a parameter that some method must speak."""
    containers = (
        torch.nn.Sequential,
        torch.nn.ModuleList,
        torch.nn.ModuleDict,
        torch.nn.ParameterList,
        torch.nn.ParameterDict,
    )
    parts, spoken = name.split("."), []
    for part in parts[:-1] or parts:
        if not isinstance(module, containers):
            spoken.append(part)
        module = getattr(module, part, module)
    return spoken


def _tree(function: object) -> ast.Module | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(function)))  # type: ignore[arg-type]
    except (OSError, TypeError, SyntaxError):
        return None
