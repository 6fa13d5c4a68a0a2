"""Which of the subject's tensors every slot of the reference reads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from attncheck.equivalence.rows import Rows
from attncheck.equivalence.units import Unit


@dataclass(frozen=True)
class Part:
    """What one slot reads: a unit, or some rows or columns of a fused one, and maybe a bare bias.

    Columns are those of a matrix on two inputs side by side, W [a; b] = W₁ a + W₂ b; the bias is
    then the first slot's alone. ``inner_columns`` says how many heads change fastest in them.
    """

    unit: Unit
    rows: Rows | None = None
    bias: str = ""
    columns: tuple[int, int] | None = None
    biased: bool = True
    inner_columns: int = 0

    @property
    def has_inner_heads(self) -> bool:
        """Whether heads are the inner axis of its rows or columns."""
        return bool(self.inner_columns or (self.rows and self.rows.inner))

    def describe(self) -> str:
        """Return the part as the report names it."""
        rows = f" {self.rows.describe()}" if self.rows else ""
        columns = f" columns {self.columns[0]}–{self.columns[1] - 1}" if self.columns else ""
        inner = " columns, heads innermost" if self.inner_columns else ""
        return f"{self.unit.describe()}{rows}{columns}{inner}"


@dataclass(frozen=True)
class Assignment:
    """Which unit every slot reads, the dims and options under which it does, what is left over."""

    parts: Mapping[str, Part]
    values: Mapping[str, Any]
    left_over: tuple[str, ...] = ()

    def describe(self) -> dict[str, str]:
        """Return slot -> what it reads."""
        return {slot: part.describe() for slot, part in self.parts.items()}
