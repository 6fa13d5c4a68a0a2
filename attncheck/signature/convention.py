"""A way to call a module: which input goes to which parameter, in which order of axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

MEANINGS = ("pad-true", "valid-true", "valid-01", "additive", "pad-01")
"""What a mask says: True is padding, True is a real token, 1 is, added to logits, 1 is padding."""
LENGTHS = "lengths"
"""The meaning of a mask that is a number per sample: so many keys, from the first, are real."""


_ORDER = ("x", "query", "slots", "key", "value")
"""The inputs that definitions take first, whatever the order of a module's own arguments."""


@dataclass(frozen=True, eq=False)
class Held:
    """What a caller hands over that no shape tells: a table of its own, a bias of positions.

    Attributes:
        value: tensors, alone or in tuples, lists and dicts.
        batch: how many samples it speaks of; 0 where it is the same for all.
    """

    value: Any
    batch: int = 0


@dataclass(frozen=True)
class GivenInput:
    """One ``--input``: a shape, for a keyword when named, a mask when it has a meaning.

    Attributes:
        shape: its sizes; none for a flag.
        name: the keyword.
        meaning: what it means when it is a mask.
        axes: its axes in the order of the shape, where they are stated: ``N``, ``B``, ``C``.
        literal: the value of a flag, as it is typed.
        made: the table or the positions that a caller computes.
        held: what else a caller hands over, as it is (:class:`Held`).
    """

    shape: tuple[int, ...] = ()
    name: str = ""
    meaning: str = ""
    axes: tuple[str, ...] = ()
    literal: str = ""
    made: str = ""
    held: Held | None = None

    @property
    def is_settled(self) -> bool:
        """Whether it has its value: a flag, a table, what a caller hands over as it is."""
        return bool(self.literal) or self.is_kept

    @property
    def is_kept(self) -> bool:
        """Whether no text states it: a table, what a caller hands over as it is."""
        return bool(self.made or self.held)


@dataclass(frozen=True)
class Argument:
    """One argument of ``forward``.

    Attributes:
        parameter: the name in the subject's ``forward``.
        input: our name of the input (``x``, ``query``, ``mask``), or a dim passed as a number.
        axes: its axes in our order.
        meaning: what it means when it is a mask.
        keyword: passed by keyword.
        literal: the value of a flag, as it is typed.
        made: what it is computed as: the table or the positions of a convention.
        order: a mask's axes in the module's order, where that is not ours.
        held: what it is, whatever the case.
    """

    parameter: str
    input: str
    axes: tuple[str, ...]
    meaning: str = ""
    keyword: bool = False
    literal: str = ""
    made: str = ""
    order: tuple[str, ...] = ()
    held: Held | None = None


@dataclass(frozen=True)
class Form:
    """Another form of the same inputs.

    Attributes:
        words: how the report names it.
        axes: which of our axes is cut into parts: heads, or frames of positions.
        sizes: the parts, -1 for what is left.
        order: how the axes lie then; as they came where empty.
        unbatched: the module is called with one sample at a time, without the batch's axis.
    """

    words: str
    axes: tuple[str, ...] = ()
    sizes: tuple[int, ...] = ()
    order: tuple[int, ...] = ()
    unbatched: bool = False

    def fits(self, sizes: tuple[int, ...], axes: tuple[str, ...]) -> bool:
        """Say whether a tensor of these sizes, with these axes of ours, has this form."""
        at = next((i for i, axis in enumerate(axes) if axis in self.axes), None)
        if at is None or not self.sizes:
            return True
        if self.order and len(self.order) != len(axes) + len(self.sizes) - 1:
            return False
        known = math.prod(part for part in self.sizes if part > 0)
        return sizes[at] % known == 0 if -1 in self.sizes else sizes[at] == known

    def grown(self, size: int) -> int:
        """Return the least size from this one on that can be cut into the parts, if one can."""
        known = math.prod(part for part in self.sizes if part > 0)
        return -(-size // known) * known if -1 in self.sizes else size

    def handed(self, tensor: Any, axes: tuple[str, ...]) -> Any:
        """Return a tensor with these axes of ours in this form."""
        at = next((i for i, axis in enumerate(axes) if axis in self.axes), None)
        if at is None:
            return tensor
        cut = tensor.unflatten(at, self.sizes)
        return (cut.permute(self.order) if self.order else cut).contiguous()

    def restored(self, tensor: Any, axes: tuple[str, ...]) -> Any:
        """Return a tensor of the module's as one with these axes of ours."""
        at = next((i for i, axis in enumerate(axes) if axis in self.axes), None)
        if at is None or tensor.ndim != len(axes) + len(self.sizes) - 1:
            return tensor
        if self.order:
            tensor = tensor.permute([self.order.index(i) for i in range(len(self.order))])
        return tensor.flatten(at, at + len(self.sizes) - 1)


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
        guessed: whether the meaning of a mask is a guess, to be held against what it does.
        form: another form of the inputs, None for ours.
        nothing: parameters that are None where no argument gives them another value.
    """

    call: str
    arguments: tuple[Argument, ...]
    output: tuple[str, ...]
    layout: str = ""
    orders: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = ()
    stated: bool = False
    guessed: bool = False
    form: Form | None = None
    nothing: frozenset[str] = frozenset()

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
                left = list(enumerate(ours))
                found = []
                for axis in theirs:  # an axis may be there twice: (1, N, N)
                    at = next(i for i, (_, own) in enumerate(left) if own == axis)
                    found.append(left.pop(at)[0])
                return tuple(found)
        return None

    def describe(self) -> str:
        """Return the call as the report names it."""
        words = ", ".join(map(_said, self.arguments))
        order = f", {self.layout}" if self.layout else ""
        form = f", {self.form.words}" if self.form else ""
        return f"{self.call}({words}){order}{form}"


def _said(argument: Argument) -> str:
    if argument.meaning:
        return f"{argument.parameter}: {argument.meaning} mask"
    if argument.literal:
        return f"{argument.parameter}={argument.literal}"
    made = "as its model gives it" if argument.held else argument.made
    return f"{argument.parameter}: {made}" if made else argument.parameter
