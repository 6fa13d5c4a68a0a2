"""What one call of a subject costs, as every reader of a report finds it.

One multiply-add is one MAC. A field that a counter did not say is unset, and stays out of the
JSON; None is said, and means that nothing is known. Fields stand as the JSON sorts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

_Value = TypeVar("_Value")
Number = int | float | None | UnsetType


class Branch(msgspec.Struct, frozen=True):
    """One submodule: its own share, and with everything below it.

    Attributes:
        name: its attribute in the parent; "" of the root.
        kind: its class.
        parameters, macs: with everything below.
        own_parameters, own_macs: what belongs to none of its children. A parameter counts once,
            where it is first named; an operation counts in the innermost submodule that ran it.
        below: its children that hold parameters or work, in the order of definition.
    """

    name: str
    kind: str
    parameters: int
    macs: int
    own_parameters: int
    own_macs: int
    below: list[Branch] = []

    def walk(
        self, depth: int = 0, most: int | None = None, sort: str = ""
    ) -> Iterator[tuple[int, Branch]]:
        """Yield the branch and all below it with their depths, parents first.

        Args:
            depth: of this branch.
            most: the depth below which nothing is shown; None for all.
            sort: ``macs`` or ``parameters``: the dearest of each parent first; else as defined.
        """
        yield depth, self
        if most is not None and depth >= most:
            return
        dearest = sorted(self.below, key=lambda one: -getattr(one, sort)) if sort else self.below
        for branch in dearest:
            yield from branch.walk(depth + 1, most, sort)


class Costs(msgspec.Struct, frozen=True, omit_defaults=True):
    """What ``attncheck compare`` measures beside an audit; None where it is not known.

    Attributes:
        growth, order: MACs as a polynomial in the positions N, and its order.
        memory: peak bytes of a forward pass in float32 above inputs and parameters, read off
            shapes.
        positions, reach: of these input positions so many change one output position.
    """

    growth: str = ""
    memory: int | float | None = None
    order: float | None = None
    positions: int | None = None
    reach: int | None = None


class ClosedValue(msgspec.Struct, frozen=True):
    """A spec's closed form beside a count.

    Attributes:
        choice: the options under which they are equal, in words.
        equal: whether they are, under any.
        formula: as the spec has it.
        value: under that choice; None where it is no number.
    """

    choice: str
    equal: bool
    formula: str
    value: int | float | None


class Counts(msgspec.Struct):
    """Parameters and multiply-accumulates of one call at ``dims``, the whole batch."""

    agree: bool | UnsetType | None = UNSET
    """Whether both counters say the same; null where one cannot count."""
    by_module: dict[str, int | float] | UnsetType = UNSET
    """Submodule -> MACs, with everything below it."""
    by_operator: dict[str, int | float] | UnsetType = UNSET
    """Operator -> MACs."""
    costs: Costs | UnsetType = UNSET
    """Of ``attncheck compare``."""
    device: str | UnsetType = UNSET
    """``meta`` where only shapes were computed."""
    dims: dict[str, int] | UnsetType = UNSET
    disagreement: str | UnsetType = UNSET
    """Which operators the counters price differently, or why only one counted."""
    error: str | UnsetType = UNSET
    flops: Number = UNSET
    """Twice the MACs."""
    formula: dict[str, ClosedValue] | UnsetType = UNSET
    """``parameters`` and ``macs`` as the spec predicts them."""
    frozen: list[str] | UnsetType = UNSET
    fvcore: Number = UNSET
    """MACs as fvcore counts them."""
    macs: Number = UNSET
    mode: str | UnsetType = UNSET
    elementwise: Number = msgspec.field(default=UNSET, name="other_ops")
    """Element-wise operations, which are no MACs."""
    parameters: Number = UNSET
    """Elements, each parameter once."""
    tied: list[list[str]] | UnsetType = UNSET
    """Names of one parameter, or of parameters that share memory."""
    trainable: Number = UNSET
    tree: Branch | UnsetType = UNSET
    """By submodule; of ``attncheck count``."""
    unavailable: str | UnsetType = UNSET
    """Why the module could not be counted."""
    unpriced: list[str] | UnsetType = UNSET
    """Operators without a price, which the MACs leave out."""
    unused: list[str] | UnsetType | None = UNSET
    """Parameters that no output came from; null where that is not known."""
    written_out: int | UnsetType = UNSET
    """MACs of contractions written as a product and its sum: element-wise operations here."""


def known(value: _Value | UnsetType) -> _Value | None:
    """Return a field's value; None where it was not said."""
    return None if isinstance(value, UnsetType) else value
