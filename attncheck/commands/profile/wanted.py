"""What a command line wants profiled: subjects, points, processes.

Child processes are asked for it as plain JSON; a subject that is measured at a large call is
audited and found out at a small one of the same kind.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from attncheck.auditing import AUDIT
from attncheck.auditing.request import DTYPES, Asked
from attncheck.auditing.select import select
from attncheck.catalogue import Spec
from attncheck.commands.words import family_of, named, references
from attncheck.errors import UsageError, did_you_mean
from attncheck.execution.scheduling import Task
from attncheck.instruments.timing.samples import Budget
from attncheck.signature.inputs import parse_input
from attncheck.subject.claim import Claim

_MAP_SIZES = (16, 32, 64)
_TOKEN_SIZES = (64, 256, 1024)
_VARIED = {"B", "H", "W", "N", "M"}

FACTS = "facts"
"""The step that reads off shapes how costs grow."""
MODES = ("forward", "backward")

_SMALL = 16
_LEAST = 7


@dataclass(frozen=True)
class Wanted:
    """The options of ``attncheck profile``.

    Attributes:
        device: ``cpu``, ``cuda:0``, ``mps`` or ``meta``.
        inputs: ``--input`` texts: the call to measure.
        sizes: sides of maps, or tokens; none for the call's own, or a few usual ones.
        batches: samples; none for the call's own, or one.
        dtypes: precisions.
        compile, channels_last: whether to measure the module so, too.
        backward: whether to measure a backward pass too.
        arguments, dims: ``--init`` and ``--set``.
        processes: fresh ones in which each point is timed, or pairs of them.
        most: processes for points where no two agree on the quickest call.
        threads: of each process.
        budget: of each point in each process.
        anyway: time what violates its claims, too.
    """

    device: str = "cpu"
    inputs: Sequence[str] = ()
    sizes: Sequence[int] = ()
    batches: Sequence[int] = ()
    dtypes: Sequence[str] = ("float32",)
    compile: bool = False
    channels_last: bool = False
    backward: bool = False
    arguments: Mapping[str, Any] = field(default_factory=dict)
    dims: Mapping[str, int] = field(default_factory=dict)
    processes: int = 3
    most: int = 0
    threads: int = 1
    budget: Budget = field(default_factory=Budget)
    anyway: bool = False

    def check(self) -> None:
        """Complain about what no subject could meet.

        Raises:
            UsageError: an option says what is not there.
        """
        for dtype in self.dtypes:
            if dtype not in DTYPES:
                raise UsageError(
                    f"'{dtype}' is no precision to profile in",
                    where="--dtype",
                    instead=did_you_mean(dtype, DTYPES),
                )
        for text in self.inputs:
            parse_input(text)
        if min([self.processes, self.threads, *self.sizes, *self.batches]) < 1:
            raise UsageError("sizes, batches, processes and threads are at least 1")

    def rows(self, spec: Spec) -> list[RowAsked]:
        """Return the points of a subject of this spec."""
        sizes: Sequence[int | None] = self.sizes
        if not sizes and not self.inputs and not _VARIED - {"B"} & set(self.dims):
            sizes = _MAP_SIZES if "H" in spec.document.dims else _TOKEN_SIZES
        batches: Sequence[int | None] = self.batches
        if not batches and not self.inputs and "B" not in self.dims:
            batches = (1,)
        ways = [(False, False)]
        ways += [(True, False)] * self.compile + [(False, True)] * self.channels_last
        return [
            RowAsked(size, batch, dtype, compiled, last)
            for dtype, (compiled, last), batch, size in itertools.product(
                self.dtypes, ways, batches or [None], sizes or [None]
            )
        ]


@dataclass(frozen=True)
class Plan:
    """One subject to profile: how it is audited, and what is measured of it."""

    spec: Spec
    audit: Task
    measure: Measure

    @property
    def name(self) -> str:
        """``gam@article``."""
        return f"{self.spec.id}@{self.audit.job.name}"

    def task(self, work: str, steps: Sequence[str], **changes: Any) -> Task:
        """Return what a child process is given to measure these steps.

        Args:
            work: the generator that it runs.
            steps: what it measures.
            changes: of :class:`Measure`, for this process alone.
        """
        measure = msgspec.structs.replace(self.measure, **changes)
        job = msgspec.structs.replace(
            self.audit.job,
            inputs=[shrunk(text) for text in self.measure.inputs],
            claims=list(steps),
            measure=msgspec.to_builtins(measure),
            command="",
        )
        return Task(job, dict.fromkeys(steps, Claim()), work)


def plans(words: Sequence[str], wanted: Wanted) -> list[Plan]:
    """Return what to profile; without words, the reference of every spec.

    Args:
        words: see :mod:`attncheck.commands.words`; a spec alone means its reference.
        wanted: the options.

    Raises:
        UsageError, SpecError, TargetError: a word names what is not there.
    """
    wanted.check()
    what = (
        references()
        if not words
        else named(words, alone="reference", family=family_of(wanted.inputs))
    )
    return [plan(one.spec, one.target, wanted) for one in what]


def plan(name: str, target: str, wanted: Wanted) -> Plan:
    """Return how to profile one subject.

    Raises:
        UsageError, SpecError, TargetError: there is no such subject.
    """
    # Audited at sizes that are quickly gone through: what is right does not depend on them.
    kept = {n: size for n, size in wanted.dims.items() if n not in _VARIED}
    asked = Asked(arguments=wanted.arguments, dims=kept)
    if target:
        asked = replace(asked, inputs=[shrunk(text) for text in wanted.inputs])
    (spec, task), *_ = select(name, target, asked)
    unknown = set(wanted.dims) - set(spec.document.dims)
    if unknown:
        raise UsageError(f"'{spec.id}' has no dim '{min(unknown)}'", where="--set")
    job = msgspec.structs.replace(task.job, dims={**task.job.dims})
    measure = Measure(
        device=wanted.device,
        rows=wanted.rows(spec),
        inputs=list(wanted.inputs),
        backward=wanted.backward,
        threads=wanted.threads,
        dims={n: size for n, size in wanted.dims.items() if n in _VARIED},
        budget=wanted.budget,
    )
    return Plan(spec, Task(job, task.claims, AUDIT), measure)


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


def shrunk(text: str) -> str:
    """Return an ``--input`` text with a small batch and small sizes; its width stays.

    Of a map (B, C, H, W) the sides shrink, of tokens (B, N, C) their number. A side is divided
    by a whole number where that helps, so that windows and strides still fit.
    """
    name, equal, rest = text.rpartition("=")
    shape, colon, meaning = rest.partition(":")
    sizes = [int(size) for size in shape.split("x")]
    if len(sizes) == 4:
        sizes = [min(sizes[0], 2), sizes[1], small(sizes[2]), small(sizes[3])]
    elif len(sizes) == 3 and not meaning:
        sizes = [min(sizes[0], 2), small(sizes[1]), sizes[2]]
    elif meaning:
        sizes = [min(sizes[0], 2), *(small(size) for size in sizes[1:])]
    return f"{name}{equal}{'x'.join(map(str, sizes))}{colon}{meaning}"


def small(size: int) -> int:
    """Return the largest whole part of a size that is small, or a small number.

    >>> small(64), small(56), small(97), small(5)
    (16, 14, 11, 5)
    """
    if size <= _SMALL:
        return size
    parts = [size // by for by in range(2, size // _LEAST + 1) if size % by == 0]
    return max((part for part in parts if _LEAST <= part <= _SMALL), default=11)
