"""Parameters and MACs by submodule: a tree that adds up."""

from __future__ import annotations

from collections.abc import Mapping

from attncheck.data.counts import Branch
from attncheck.instruments.counting.parameters import inventory
from attncheck.lazy import torch


def tree(module: torch.nn.Module, macs: Mapping[str, int]) -> Branch:
    """Return the module's tree.

    Args:
        module: the module.
        macs: submodule's dotted name -> multiply-accumulates that ran in it and in no child.
    """
    own: dict[str, int] = {}
    for entry in inventory(module).listed:
        owner = str(entry["name"]).rpartition(".")[0]
        own[owner] = own.get(owner, 0) + int(entry["numel"])
    return _branch(module, "", "", own, macs, {id(module)})


def _branch(
    module: torch.nn.Module,
    name: str,
    path: str,
    own: Mapping[str, int],
    macs: Mapping[str, int],
    seen: set[int],
) -> Branch:
    below = []
    for child_name, child in module.named_children():
        if id(child) in seen:
            continue
        seen.add(id(child))
        dotted = f"{path}.{child_name}" if path else child_name
        branch = _branch(child, child_name, dotted, own, macs, seen)
        if branch.parameters or branch.macs:
            below.append(branch)
    parameters, work = own.get(path, 0), macs.get(path, 0)
    return Branch(
        name=name,
        kind=type(module).__name__,
        parameters=parameters + sum(b.parameters for b in below),
        macs=work + sum(b.macs for b in below),
        own_parameters=parameters,
        own_macs=work,
        below=below,
    )
