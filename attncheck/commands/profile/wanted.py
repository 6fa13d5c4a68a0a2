"""What a command line wants profiled: subjects, points, processes.

Child processes are asked for it as plain JSON; a subject that is measured at a large call is
audited and found out at a small one of the same kind.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from attncheck.auditing.request import DTYPES, Asked
from attncheck.auditing.select import select
from attncheck.auditing.task import Audit
from attncheck.catalogue import Spec
from attncheck.commands.profile.questions import Measure, MeasureAsked, RowAsked
from attncheck.commands.words import UNSAID, family_of, named, references
from attncheck.errors import UsageError, did_you_mean
from attncheck.instruments.timing.partner import Meeting
from attncheck.instruments.timing.samples import Budget
from attncheck.signature.inputs import parse_input
from attncheck.signature.live_target import live_target
from attncheck.signature.stated import stated_argument

_MAP_SIZES = (16, 32, 64)
_TOKEN_SIZES = (64, 256, 1024)
_VARIED = {"B", "H", "W", "N", "M"}

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
        anyway: try no claim, and time everything.
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
            stated_argument(text)
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
        return self.ways(sizes or None, batches or None)

    def ways(
        self, sizes: Sequence[int | None] | None, batches: Sequence[int | None] | None
    ) -> list[RowAsked]:
        """Return the points of these sizes and batches, in each precision and layout."""
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
    audit: Audit
    measure: Measure

    @property
    def name(self) -> str:
        """``gam@article``."""
        return f"{self.spec.id}@{self.audit.job.name}"

    def asked(self, steps: Sequence[str], meeting: Meeting | None = None) -> MeasureAsked:
        """Return what a child process is asked to measure.

        Args:
            steps: of the subject.
            meeting: with the process of the other side, if there is one.
        """
        inputs = self.measure.inputs
        if not self.audit.job.plain:
            inputs = [shrunk(text) for text in inputs]
        job = msgspec.structs.replace(self.audit.job, inputs=inputs, claims=[], command="")
        measure = msgspec.structs.replace(self.measure, meeting=meeting)
        return MeasureAsked(measure, list(steps), job)


def plans(words: Sequence[str], wanted: Wanted) -> list[Plan]:
    """Return what to profile; without words, the reference of every spec.

    Args:
        words: see :mod:`attncheck.commands.words`; a spec alone means its reference.
        wanted: the options.

    Raises:
        UsageError, SpecError, TargetError: a word names what is not there.
    """
    wanted.check()
    what = named(words, alone="reference", family=UNSAID) if words else references()
    return [plan(one.spec, one.target, wanted) for one in what]


def plan(name: str, target: str, wanted: Wanted) -> Plan:
    """Return how to profile one subject.

    Raises:
        UsageError, SpecError, TargetError: there is no such subject.
    """
    if name == UNSAID:
        name = family_of(wanted.inputs)
        if wanted.inputs or live_target(target) is not None:
            return _plain(name, target, wanted)
    for text in wanted.inputs:
        parse_input(text)
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
    return Plan(spec, Audit(job, task.claims), measure)


def _plain(family: str, target: str, wanted: Wanted) -> Plan:
    """Return how to profile a module as it is called; of its sizes and axes nothing is known.

    Raises:
        UsageError: sizes or dims are asked for.
        TargetError: there is no such target.
    """
    if wanted.sizes or wanted.batches or wanted.dims:
        raise UsageError(
            "--sizes, --batch and --set vary what a spec describes, and none is said",
            where=target,
            instead="state the whole call: --input 8x3x640x640, or name a spec before the target",
        )
    asked = Asked(arguments=wanted.arguments, inputs=wanted.inputs, plain=True)
    (spec, task), *_ = select(family, target, asked)
    measure = Measure(
        device=wanted.device,
        rows=wanted.ways(None, None),
        inputs=list(wanted.inputs),
        backward=wanted.backward,
        threads=wanted.threads,
        budget=wanted.budget,
    )
    return Plan(spec, Audit(task.job, {}), measure)


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
