"""The sums of two maps that a subject computes, and the layers that change a map's size."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.raised import line_now

_ADDS = frozenset({"add", "add_", "__add__", "__iadd__", "__radd__"})
Shape = tuple[int, ...]


@dataclass(frozen=True)
class Resizing:
    """A layer that turned a map of one size into a map of another."""

    name: str
    kind: str
    before: Shape
    after: Shape

    def describe(self) -> str:
        """Return it as a person reads it: ``block.0 (Focus) turns 8×12 into 4×6``."""
        return f"{self.name} ({self.kind}) turns {_size(self.before)} into {_size(self.after)}"


@dataclass
class Sums:
    """What was seen in one forward.

    Attributes:
        broadcast: the shapes of the first sum of two maps of unlike height or width.
        location: its line in the subject's source.
        resizings: layers that changed height or width, in the order of their calls.
    """

    broadcast: tuple[Shape, Shape] | None = None
    location: Location | None = None
    resizings: list[Resizing] = field(default_factory=list)


@contextmanager
def watched_sums(module: torch.nn.Module) -> Iterator[Sums]:
    """Watch every sum of two four-dimensional tensors in the body, and every layer's sizes."""
    seen = Sums()

    def after(layer: torch.nn.Module, given: tuple[Any, ...], result: Any) -> None:
        shapes = [tuple(t.shape) for t in (*given[:1], result) if isinstance(t, torch.Tensor)]
        if len(shapes) == 2 and all(len(s) == 4 for s in shapes) and names[layer]:
            before, now = shapes
            if before[2:] != now[2:]:
                seen.resizings.append(Resizing(names[layer], type(layer).__name__, before, now))

    names = {layer: name for name, layer in module.named_modules()}
    hooks = [layer.register_forward_hook(after) for layer in names]
    try:
        with _adding(seen):
            yield seen
    finally:
        for hook in hooks:
            hook.remove()
    own = [r for r in seen.resizings if not _made_of_others(r, seen.resizings)]
    seen.resizings = own


def _made_of_others(outer: Resizing, all_of_them: list[Resizing]) -> bool:
    """Say whether a layer changes the size by what layers inside it do."""
    return any(inner.name.startswith(f"{outer.name}.") for inner in all_of_them)


def _adding(seen: Sums) -> Any:
    class Watching(torch.overrides.TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if getattr(func, "__name__", "") in _ADDS and seen.broadcast is None:
                terms = [a for a in args[:2] if isinstance(a, torch.Tensor)]
                if len(terms) == 2 and all(t.ndim == 4 for t in terms):
                    a, b = tuple(terms[0].shape), tuple(terms[1].shape)
                    if a[2:] != b[2:]:
                        seen.broadcast = (a, b)
                        seen.location = line_now("the sum broadcasts")
            return func(*args, **(kwargs or {}))

    return Watching()


def _size(shape: Shape) -> str:
    return f"{shape[2]}×{shape[3]}"
