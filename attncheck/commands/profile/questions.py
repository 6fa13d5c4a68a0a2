"""What children are asked for a profile, and what they answer: typed, and plain data.

One is asked for costs that need no clock, others for times, one for what the device can do.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from attncheck.auditing.job import Job
from attncheck.execution.supervising import Result
from attncheck.execution.task import Task
from attncheck.instruments.timing.ceilings import Ceiling
from attncheck.instruments.timing.partner import Meeting
from attncheck.instruments.timing.samples import Budget, Digest

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
        meeting: with the process of the other side, to measure in turns; None without one.
    """

    device: str = "cpu"
    rows: list[RowAsked] = []
    inputs: list[str] = []
    dims: dict[str, int] = {}
    backward: bool = False
    threads: int = 1
    budget: Budget = Budget()
    meeting: Meeting | None = None

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


class MeasureAsked(msgspec.Struct, frozen=True, omit_defaults=True):
    """A subject, what is to be measured of it, and the steps of it that are asked for now.

    For what the device can do at best there is no subject, and steps are precisions.
    """

    measure: Measure
    steps: list[str]
    job: Job | None = None

    @property
    def target(self) -> str:
        """What is measured."""
        return self.job.target if self.job else self.measure.device

    @property
    def folder(self) -> str:
        """What the target is relative to."""
        return self.job.folder if self.job else ""


class Told(msgspec.Struct, kw_only=True, omit_defaults=True):
    """An answer; ``why`` says what is missing, and ``dead`` that a child died of this step."""

    why: str = ""
    dead: bool = False


class RowCosts(Told, tag="costs"):
    """What one point costs without a clock; what could not be had is None.

    Attributes:
        input, dims, size: the call, as text, by name, and its side or tokens.
        parameters, tied, unused: elements, and names.
        macs, elementwise, by_operator, unpriced: of one call.
        traffic: bytes that must be moved at least.
        kernels: that one call launches.
        peak_bytes, peak_source, reserved_bytes: memory of one call.
        peak_backward_bytes, saved_bytes: of a backward pass, and for it.
        energy_j: of one call.
    """

    input: str = ""
    dims: dict[str, int] = {}
    size: int | None = None
    parameters: int | None = None
    tied: list[list[str]] = []
    unused: list[str] | None = None
    macs: int | None = None
    elementwise: int | None = None
    by_operator: dict[str, int] = {}
    unpriced: list[str] = []
    traffic: int | None = None
    kernels: int | None = None
    peak_bytes: int | None = None
    peak_source: str = ""
    reserved_bytes: int | None = None
    peak_backward_bytes: int | None = None
    saved_bytes: int | None = None
    energy_j: float | None = None


class Growing(msgspec.Struct, frozen=True):
    """How a cost grows in the positions N: an exact polynomial, and its order."""

    polynomial: str
    order: float | None


class Growths(Told, tag="growth"):
    """How MACs and predicted bytes grow."""

    growth: dict[str, Growing] = {}


class Timed(Told):
    """What one process says of the times of single calls.

    Attributes:
        digest: of its samples.
        warm_up: calls before the first sample.
        name: what was timed beside.
        turns: the quickest call of each turn, where there is another side.
        disturbed: what the device says against its own times.
    """

    digest: Digest | None = None
    warm_up: int = 0
    name: str = ""
    turns: list[int] = []
    disturbed: str = ""


class Capable(Told):
    """What a device can do at best in one precision, and what it is called."""

    ceiling: Ceiling | None = None
    device: str = ""
    device_name: str = ""
    driver: str = ""


CostResult = Result[RowCosts | Growths, None, None]
TimeResult = Result[Timed, None, None]


class CostTask(Task[MeasureAsked, RowCosts | Growths, None, None]):
    """Read off what rows cost, and how that grows; nothing is timed."""

    runs = "attncheck.commands.profile.work:costs"
    asks = MeasureAsked
    answers = RowCosts | Growths

    def lost(self, step: str, why: str, *, dead: bool) -> RowCosts | Growths:
        """Return why a step has no figures."""
        return (Growths if step == FACTS else RowCosts)(why=why, dead=dead)


class TimeTask(Task[MeasureAsked, Timed, None, None]):
    """Time single calls, alone or in turns with the process of another side."""

    runs = "attncheck.commands.profile.work:times"
    asks = MeasureAsked
    answers = Timed

    def lost(self, step: str, why: str, *, dead: bool) -> Timed:
        """Return why a step has no times."""
        return Timed(why=why, dead=dead)


class CeilingTask(Task[MeasureAsked, Capable, None, None]):
    """Find what the device can do at best."""

    runs = "attncheck.commands.profile.work:ceilings"
    asks = MeasureAsked
    answers = Capable

    def lost(self, step: str, why: str, *, dead: bool) -> Capable:
        """Return why a precision has no ceiling."""
        return Capable(why=why, dead=dead)
