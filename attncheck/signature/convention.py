"""A way to call a module: which input goes to which parameter, in which order of axes."""

from __future__ import annotations

from dataclasses import dataclass

MEANINGS = ("pad-true", "valid-true", "valid-01", "additive")
"""What a mask says: True is padding, True is a real token, 1/0 likewise, or added to logits."""


_ORDER = ("x", "query", "key", "value")
"""The inputs that definitions take first, whatever the order of a module's own arguments."""


@dataclass(frozen=True)
class GivenInput:
    """One ``--input``: a shape, for a keyword when named, a mask when it has a meaning."""

    shape: tuple[int, ...]
    name: str = ""
    meaning: str = ""


@dataclass(frozen=True)
class Argument:
    """One argument of ``forward``.

    Attributes:
        parameter: the name in the subject's ``forward``.
        input: our name of the input (``x``, ``query``, ``mask``), or a dim passed as a number.
        axes: its axes in our order.
        meaning: what it means when it is a mask.
        keyword: passed by keyword.
    """

    parameter: str
    input: str
    axes: tuple[str, ...]
    meaning: str = ""
    keyword: bool = False


@dataclass(frozen=True)
class Convention:
    """A way to call a module and to read its output.

    Attributes:
        call: the name of the spec's call (``self``, ``cross``).
        arguments: in the order of ``forward``.
        output: the axes of the output in our order.
        layout: the name of the order of axes that the module uses, ``""`` for ours.
        orders: our axes -> the module's axes.
        stated: whether whoever asks has said what ``forward`` is given.
    """

    call: str
    arguments: tuple[Argument, ...]
    output: tuple[str, ...]
    layout: str = ""
    orders: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    stated: bool = False

    @property
    def inputs(self) -> dict[str, tuple[str, ...]]:
        """Our data inputs and their axes, the main one first, without masks and numbers."""
        data = [a for a in self.arguments if a.axes and not a.meaning]
        data.sort(key=lambda a: _ORDER.index(a.input) if a.input in _ORDER else len(_ORDER))
        return {a.input: a.axes for a in data}

    @property
    def masks(self) -> tuple[Argument, ...]:
        """The arguments that are masks."""
        return tuple(a for a in self.arguments if a.meaning)

    def permutation(self, axes: tuple[str, ...]) -> tuple[int, ...] | None:
        """Return how to permute a tensor of ours into the module's order, or None."""
        for ours, theirs in self.orders:
            if ours == axes:
                return tuple(ours.index(axis) for axis in theirs)
        return None

    def describe(self) -> str:
        """Return the call as the report names it."""
        words = ", ".join(
            f"{a.parameter}: {a.meaning} mask" if a.meaning else a.parameter for a in self.arguments
        )
        order = f", {self.layout}" if self.layout else ""
        return f"{self.call}({words}){order}"
