"""A module's parameters, each once, and what is remarkable about them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from attncheck.lazy import torch


@dataclass(frozen=True)
class Inventory:
    """The inventory of a module.

    Attributes:
        total: elements of all parameters, each parameter once however many names it has.
        trainable: elements of those that require a gradient.
        listed: name, shape and elements of each, by its first name.
        tied: groups of names of one parameter, or of parameters that share memory.
        frozen: names of those that require no gradient.
        lazy: names of those whose shape only the first call decides; counted as none.
    """

    total: int
    trainable: int
    listed: list[dict[str, Any]]
    tied: list[list[str]] = field(default_factory=list)
    frozen: list[str] = field(default_factory=list)
    lazy: list[str] = field(default_factory=list)


def inventory(module: torch.nn.Module) -> Inventory:
    """List a module's parameters; the same object under two names counts once."""
    names: dict[int, list[str]] = {}
    found: dict[int, torch.nn.Parameter] = {}
    lazy: list[str] = []
    for name, parameter in module.named_parameters(remove_duplicate=False):
        if isinstance(parameter, torch.nn.parameter.UninitializedParameter):
            lazy.append(name)
            continue
        names.setdefault(id(parameter), []).append(name)
        found[id(parameter)] = parameter
    listed = [
        {"name": names[key][0], "shape": list(p.shape), "numel": p.numel()}
        for key, p in found.items()
    ]
    memory: dict[tuple[int, int], list[str]] = {}
    for key, parameter in found.items():
        if parameter.numel() and not parameter.is_meta:
            place = (parameter.untyped_storage().data_ptr(), int(parameter.storage_offset()))
            memory.setdefault(place, []).append(names[key][0])
    tied = [group for group in names.values() if len(group) > 1]
    tied += [group for group in memory.values() if len(group) > 1]
    return Inventory(
        total=sum(p.numel() for p in found.values()),
        trainable=sum(p.numel() for p in found.values() if p.requires_grad),
        listed=listed,
        tied=tied,
        frozen=[names[key][0] for key, p in found.items() if not p.requires_grad],
        lazy=lazy,
    )


def never_used(module: torch.nn.Module, outputs: Iterable[torch.Tensor]) -> list[str] | None:
    """Return the trainable parameters that no output came from; None where autograd cannot say.

    The outputs' graph is walked and nothing is computed. A parameter that only takes part in a
    comparison or an index counts as never used.
    """
    roots: list[Any] = [output.grad_fn for output in outputs if output.grad_fn is not None]
    if not roots:
        return None
    reached: set[int] = set()
    seen: set[Any] = set()
    while roots:
        node = roots.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if (variable := getattr(node, "variable", None)) is not None:
            reached.add(id(variable))
        roots.extend(following for following, _ in node.next_functions)
    return [
        name
        for name, parameter in module.named_parameters()
        if parameter.requires_grad and id(parameter) not in reached
    ]


def share_of(module: torch.nn.Module, elements: int) -> str:
    """Return the name of the submodule or parameter that holds exactly so many elements, or ""."""
    for name, part in module.named_modules():
        if name and sum(p.numel() for p in part.parameters()) == elements:
            return str(name)
    for name, parameter in module.named_parameters():
        if parameter.numel() == elements:
            return str(name)
    return ""
