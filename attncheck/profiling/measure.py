"""What child processes are asked to measure of one subject, as plain JSON."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from attncheck.timing.sampling import Budget

FACTS = "facts"
"""The step that reads off shapes how costs grow."""
MODES = ("forward", "backward")


class RowAsked(msgspec.Struct, frozen=True, omit_defaults=True):
    """One point of a profile.

    Attributes:
        size: both sides of a map, or the tokens; None for the size that is stated anyway.
        batch: samples; None for what is stated anyway.
        dtype: of parameters and inputs.
        compile: run by ``torch.compile``.
        channels_last: maps and weights stored with channels last.
    """

    size: int | None = None
    batch: int | None = None
    dtype: str = "float32"
    compile: bool = False
    channels_last: bool = False

    @property
    def words(self) -> str:
        """How progress calls it."""
        parts = [f"size {self.size}" if self.size else "", self.dtype]
        parts += ["compiled" * self.compile, "channels-last" * self.channels_last]
        return " ".join(filter(None, parts))


class Measure(msgspec.Struct, frozen=True, omit_defaults=True):
    """Everything to measure of one subject.

    Attributes:
        device: where.
        rows: the points; steps are named after their place here, ``r0``, ``r1:forward``.
        inputs: ``--input`` texts in full; the job's own are small ones of the same kind.
        dims: sizes that are stated by name.
        backward: whether to measure a backward pass too.
        threads: of this process.
        budget: of each row in each process.
        partner: where this process meets that of the other side, to measure in turns; "" without.
        first: whether this side begins.
        patience: seconds to wait for the other side.
        core: on which both sides run; None for any.
    """

    device: str = "cpu"
    rows: list[RowAsked] = []
    inputs: list[str] = []
    dims: dict[str, int] = {}
    backward: bool = False
    threads: int = 1
    budget: Budget = Budget()
    partner: str = ""
    first: bool = False
    patience: float = 60.0
    core: int | None = None

    def cost_steps(self) -> list[str]:
        """Return the steps that are not timed."""
        return [FACTS, *(f"r{number}" for number in range(len(self.rows)))]

    def time_steps(self, turn: int = 0, without: Collection[str] = ()) -> list[str]:
        """Return the steps that are timed; each process begins with another row.

        Args:
            turn: number of the process.
            without: rows to leave out, ``r3``.
        """
        modes = MODES if self.backward else MODES[:1]
        order = [n for n in range(len(self.rows)) if f"r{n}" not in without]
        start = turn % max(1, len(order))
        return [f"r{n}:{mode}" for n in order[start:] + order[:start] for mode in modes]

    def row(self, step: str) -> tuple[RowAsked, str]:
        """Return the row and the mode that a step names."""
        name, _, mode = step.partition(":")
        return self.rows[int(name[1:])], mode
