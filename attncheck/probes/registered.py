"""Whatever the output depends on is registered with the module."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

from attncheck.instruments.behaviour.influence import Scene, matters
from attncheck.instruments.behaviour.meta import is_elsewhere, raised_on
from attncheck.instruments.behaviour.state import plain_attributes, replace_plain_tensors
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class Registered(Claim, frozen=True, kw_only=True):
    """Parameters, layers and tables that the output depends on are registered.

    ## What it checks
    Layers, parameters and tensors that stand in plain lists, tuples, dicts or attributes of the
    freshly built module. Those whose values change the output are violations: layers and
    parameters always; a plain tensor where `.to(device)` leaves it behind and the call fails
    for it. A table that `forward` moves by itself is another style, and fine.

    ## Why it matters
    `.to()`, `.parameters()`, `state_dict()` and the optimiser know of registered tensors only: a
    list of layers never trains, a mask stays on the CPU.

    ## Example
    `self.convs = [nn.Conv2d(c, c, 3) for _ in range(4)]`; `self.mask = torch.tril(...)`.
    """

    kind: ClassVar[str] = "registered"
    located_by: ClassVar[tuple[str, ...]] = ("named", "unregistered")
    turn: ClassVar[int] = 310
    faults: ClassVar[tuple[str, ...]] = ("unregistered_buffer",)

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        scene = Scene.of(trial, 0)
        if found := _hidden_learning(scene, trial):
            path, what = found
            return violated(
                f"'{path}' holds {what} that the module does not register: its parameters are "
                "not trained, saved or moved with the module",
                expected="nn.ModuleList, nn.ModuleDict or nn.ParameterList",
                seen=f"a plain attribute '{path}'",
                attribute=_name(path),
            )
        paths = _plain_that_matter(trial, scene)
        if not paths:
            return holds()
        error = raised_on(trial, "meta")
        if error is None or not is_elsewhere(error):
            return holds(f"'{paths[0]}' is a plain tensor, which forward moves by itself")
        moved = raised_on(trial, "meta", lambda m: replace_plain_tensors(m, lambda t: t.to("meta")))
        if moved is not None:
            return holds(f"'{paths[0]}' is a plain tensor; the device is another claim's")
        return violated(
            f"'{paths[0]}' is a plain tensor attribute that the output depends on: `.to()` leaves "
            f"it behind ({error})",
            expected="register_buffer",
            seen="a plain attribute",
            attribute=_name(paths[0]),
            attributes=[_name(path) for path in paths],
        )


def _hidden_learning(scene: Scene, trial: Trial) -> tuple[str, str] | None:
    """Return where an unregistered layer or parameter stands that changes the output."""
    module = scene.module
    known = {id(p) for p in module.parameters()} | {id(b) for b in module.buffers()}
    for path, _, value in plain_attributes(module):
        if isinstance(value, torch.nn.Module):
            tensors = [p for p in value.parameters() if p.is_floating_point()]
            what = f"a {type(value).__name__}"
        elif value.requires_grad and value.is_leaf and value.is_floating_point():
            tensors, what = [value], "a parameter"
        else:
            continue
        hidden = [t for t in tensors if id(t) not in known]
        if any(matters(scene, tensor) for tensor in hidden):
            return path, what
    return None


def _plain_that_matter(trial: Trial, scene: Scene) -> list[str]:
    """Return the plain tensors, as the constructor leaves them, that change the output."""
    fresh = trial.module()
    known = {id(p) for p in fresh.parameters()} | {id(b) for b in fresh.buffers()}
    found: list[str] = []
    for path, _, value in plain_attributes(fresh):
        if not isinstance(value, torch.Tensor) or id(value) in known or value.requires_grad:
            continue
        changed = Scene(trial, trial.module(), scene.inputs, scene.outputs)
        replace_plain_tensors(changed.module, _other_values, only=path)
        if _raises_or_changes(changed.changes):
            found.append(path)
    return found


def _raises_or_changes(changes: Callable[[], bool]) -> bool:
    try:
        return changes()
    except Exception:
        return True


def _other_values(tensor: Any) -> Any:
    if tensor.dtype == torch.bool:
        return ~tensor
    if tensor.is_floating_point():
        return torch.where(tensor.isfinite(), tensor * -0.7 + 0.9, torch.full_like(tensor, 0.3))
    return torch.zeros_like(tensor)


def _name(path: str) -> str:
    """Return the dotted name of the attribute, without what follows it."""
    return path.split("[")[0]
