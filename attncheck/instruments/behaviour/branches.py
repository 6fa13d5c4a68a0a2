"""Switches between implementations of one thing: where they are, and the module turned over.

A switch is known by its name (``fused_attn``, ``_attn_implementation``, ``use_checkpoint``), by the
question whether torch has its fused attention, or by training mode that calls another one.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.places import at_statement
from attncheck.source.raised import line_now
from attncheck.source.reading import sources_of, touched_at
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

FUSED = "scaled_dot_product_attention"
_WORDS = {
    *("fused", "flash", "sdpa", "sdp", "xformers", "triton", "eager", "naive", "einsum"),
    *("impl", "implementation", "backend", "checkpoint", "checkpointing", "ckpt"),
}
_TOGETHER = ("memory_efficient", "mem_efficient", "mem_eff", FUSED)
_WAYS = ("eager", "sdpa", "math", "flash", "torch", "manual", "naive")
"""What the names of implementations are called, where the source says no others."""


@dataclass(frozen=True)
class Switch:
    """A switch, and what stands in the module as it is.

    Attributes:
        says: what it is when it is turned over: ``self.fused_attn = False``.
        turn: turns one module of the subject over, for good.
        around: what else must be so while a turned module is built and called.
        location: a line that asks for it.
    """

    says: str
    turn: Callable[[torch.nn.Module], object]
    around: Callable[[], AbstractContextManager[None]] = nullcontext
    location: Location | None = None

    def turned(self, subject: Subject) -> Subject:
        """Return the subject whose modules are turned over."""
        build: Any = subject.factory

        def make(*args: Any, **more: Any) -> torch.nn.Module:
            module: torch.nn.Module = build(*args, **more)
            self.turn(module)
            return module

        return replace(subject, factory=make)


def names_an_implementation(name: str) -> bool:
    """Say whether a name is that of a choice between implementations of the same."""
    low = name.lower()
    words = set(re.findall(r"[a-z0-9]+", low))
    return bool(words & _WORDS) or any(part in low for part in _TOGETHER)


def switches_of(trial: Trial) -> list[Switch]:
    """Return the switches of the trial's module, each once."""
    module = trial.module()
    found: dict[str, Switch] = {}
    for part in module.modules():
        if type(part).__module__.startswith("torch."):
            continue
        for switch in (*_of_attributes(part), *_of_globals(type(part))):
            found.setdefault(f"{type(part)} {switch.says}", switch)
        if _asks_for_fused(type(part)):
            found.setdefault(FUSED, _without_fused(type(part)))
    return list({switch.says: switch for switch in found.values()}.values())


def _of_attributes(part: torch.nn.Module) -> Iterator[Switch]:
    """Yield the attributes of a part, and of its config, that choose an implementation."""
    holders: list[tuple[str, Any]] = [("", part)]
    holders += [
        (f"{n}.", v) for n, v in vars(part).items() if n == "config" and hasattr(v, "__dict__")
    ]
    for prefix, holder in holders:
        for name, value in _held(holder):
            if not _is_read(type(part), name):
                continue
            for other in _others(type(part), name, value):
                yield Switch(
                    f"self.{prefix}{name} = {other!r}",
                    _setter(type(part), prefix, name, other),
                    location=_asked_at(type(part), name),
                )


def _is_read(owner: type, name: str) -> bool:
    """Say whether a class reads an attribute of this name, of its own or of its config."""
    return any(
        (isinstance(node, ast.Attribute) and node.attr == name and isinstance(node.ctx, ast.Load))
        or (isinstance(node, ast.Constant) and node.value == name)
        for source in sources_of(owner)
        for node in ast.walk(source.node)
    )


def _held(holder: Any) -> Iterator[tuple[str, Any]]:
    """Yield the names and values of an object, and of its class, that choose an implementation."""
    kinds = reversed(type(holder).__mro__) if isinstance(holder, torch.nn.Module) else ()
    own = {n: v for k in kinds if not k.__module__.startswith("torch") for n, v in vars(k).items()}
    for name, value in {**own, **vars(holder)}.items():
        if isinstance(value, (bool, str)) and names_an_implementation(name):
            yield name, value


def _others(owner: type, name: str, value: Any) -> list[Any]:
    """Return other values of a switch: those that its class compares it with, or the usual ones."""
    if isinstance(value, bool):
        return [not value]
    compared = {
        constant.value
        for statement in touched_at(owner, name)
        for node in statement.parts
        if isinstance(node, ast.Compare)
        for constant in ast.walk(node)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }
    usual = set(_WAYS[:2]) if value in _WAYS else set()
    return sorted((compared or usual) - {value})


def _setter(owner: type, prefix: str, name: str, value: Any) -> Callable[[torch.nn.Module], object]:
    def turn(module: torch.nn.Module) -> None:
        for part in module.modules():
            if type(part) is owner:
                holder = getattr(part, prefix.rstrip(".")) if prefix else part
                setattr(holder, name, value)

    return turn


def _asked_at(owner: type, name: str) -> Location | None:
    """Return the line of a class that asks for an attribute: a condition before any other."""
    path = next((source.path for source in sources_of(owner)), "")
    found = [s for s in touched_at(owner, name) if isinstance(s.node, (ast.If, ast.While))]
    found += [s for s in touched_at(owner, name) if any(isinstance(n, ast.IfExp) for n in s.parts)]
    return at_statement(path, found[0], "the switch") if found and path else None


def _of_globals(owner: type) -> Iterator[Switch]:
    """Yield the truth values of a class's file that choose an implementation."""
    file = vars(sys.modules.get(owner.__module__, sys))
    for source in sources_of(owner):
        for statement in source.statements:
            for name in sorted(statement.reads):
                value = file.get(name)
                if isinstance(value, bool) and names_an_implementation(name):
                    place = at_statement(source.path, statement, "the switch")
                    around = _swapped(file, name, not value)
                    yield Switch(f"{name} = {not value}", _leave, around, place)


def _swapped(
    held: dict[str, Any], name: str, value: Any
) -> Callable[[], AbstractContextManager[None]]:
    @contextmanager
    def around() -> Iterator[None]:
        before = held[name]
        held[name] = value
        try:
            yield
        finally:
            held[name] = before

    return around


def _leave(module: torch.nn.Module) -> None:
    """Turn nothing: what is around it does."""


def _asks_for_fused(owner: type) -> bool:
    """Say whether a class asks whether torch has its fused attention."""
    return any(
        isinstance(node, ast.Call)
        and getattr(node.func, "id", "") == "hasattr"
        and any(isinstance(a, ast.Constant) and a.value == FUSED for a in node.args)
        for source in sources_of(owner)
        for node in ast.walk(source.node)
    )


def _without_fused(owner: type) -> Switch:
    """Return the switch of a torch that has no fused attention."""

    @contextmanager
    def around() -> Iterator[None]:
        home = vars(torch.nn.functional)
        fused = home.pop(FUSED)
        try:
            yield
        finally:
            home[FUSED] = fused

    place = next(
        (
            at_statement(source.path, s, "the switch")
            for source in sources_of(owner)
            for s in source.statements
            if any(isinstance(n, ast.Constant) and n.value == FUSED for n in s.parts)
        ),
        None,
    )
    return Switch(f"a torch without {FUSED}", _leave, around, place)


@dataclass
class Fused:
    """Calls of fused attention, and the subject's line of the last."""

    calls: int = 0
    location: Location | None = None


@contextmanager
def fused_calls() -> Iterator[Fused]:
    """Count the calls of torch's fused attention inside."""
    from torch.overrides import TorchFunctionMode

    seen = Fused()

    class Watch(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if getattr(func, "__name__", "") == FUSED:
                seen.calls += 1
                seen.location = line_now("fused attention is called here") or seen.location
            return func(*args, **(kwargs or {}))

    with Watch():  # type: ignore[no-untyped-call,unused-ignore]
        yield seen


def undropped(module: torch.nn.Module) -> torch.nn.Module:
    """Return the module with every rate of dropout at zero, whatever holds it."""
    for part in module.modules():
        for name, value in list(vars(part).items()):
            drops = "drop" in name.lower() or "drop" in type(part).__name__.lower()
            if drops and isinstance(value, float) and 0 <= value <= 1:
                setattr(part, name, 0.0)
    return module


def keeps_statistics(module: torch.nn.Module) -> bool:
    """Say whether a norm uses other statistics in training mode than in eval mode."""
    return any(getattr(part, "running_mean", None) is not None for part in module.modules())
