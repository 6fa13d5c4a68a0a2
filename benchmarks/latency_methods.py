"""Ways to say how long a call takes: ours, and those of other tools."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator

import msgspec

from attncheck.execution.messages import Opened
from attncheck.execution.task import Task
from attncheck.instruments.timing.samples import Digest

MODULES = {"se": 32, "cbam": 32, "gam": 16, "cca": 32, "pam": 24}
SECONDS = 0.5
LEAST, MOST = 3, 12


def calls() -> dict[str, Callable[[], object]]:
    """Return a forward pass of each module."""
    import torch

    from attncheck.catalogue import load
    from attncheck.commands.profile.point import dims_of_row, ready
    from attncheck.commands.profile.questions import Measure, RowAsked
    from attncheck.subject.prepare import Request, prepare

    torch.set_num_threads(1)
    found: dict[str, Callable[[], object]] = {}
    for name, size in MODULES.items():
        document = load(name).document
        request = Request("r", document.reference, arguments=document.reference_arguments)
        subject = prepare(document, request)[0]
        row = RowAsked(size=size, batch=1)
        found[name] = ready(subject, dims_of_row(subject, Measure(), row), row, "cpu").infer
    return found


class MethodsAsked(msgspec.Struct, frozen=True):
    """Which modules to time, so many seconds each."""

    steps: list[str]
    seconds: float
    target: str = "modules"
    folder: str = ""


class Ours(Task[MethodsAsked, Digest, None, None]):
    """Time modules as attncheck does, in one fresh process."""

    runs = "benchmarks.latency_methods:digests"
    asks = MethodsAsked
    answers = Digest


def digests(asked: MethodsAsked, note: object = None) -> Iterator[Opened[None] | str | Digest]:
    """Yield what one of attncheck's processes says of each module."""
    from attncheck.devices import open_device
    from attncheck.instruments.timing.ceilings import workload
    from attncheck.instruments.timing.samples import Budget, sampled

    table, beside, device = calls(), workload("cpu"), open_device("cpu")
    yield Opened(None)
    for name in asked.steps:
        yield name
        call = table[name]
        found = sampled(device, lambda: call, lambda: beside, Budget(asked.seconds))  # noqa: B023
        yield found.digest()


def ours() -> dict[str, dict[str, float]]:
    """Return module -> what attncheck says, and the seconds that it took samples."""
    from attncheck.execution.limits import Limits
    from attncheck.execution.scheduling import run_all
    from attncheck.execution.starting import cool_down
    from attncheck.instruments.timing.summary import confirmed, summary

    said: dict[str, list[Digest]] = {name: [] for name in MODULES}
    for turn in range(MOST):
        left = [name for name in MODULES if turn < LEAST or not confirmed(said[name])]
        if not left:
            break
        (result,), _ = run_all([Ours(MethodsAsked(left, SECONDS))], Limits(), 1)
        for name in left:
            said[name].append(result.answers[name])
    cool_down()
    found = {}
    for name, seen in said.items():
        told = summary(seen)
        found[name] = {"attncheck: quickest": told.least, "attncheck: median": told.median}
        found[name] |= {"attncheck: ratio": told.ratio, "seconds": SECONDS * len(seen) * 4 / 3}
    return found


def others(call: Callable[[], object], seconds: float) -> dict[str, float]:
    """Return seconds of a call by each other method, given so long."""
    import torch.utils.benchmark

    timer = torch.utils.benchmark.Timer("call()", globals={"call": call})
    blocked = timer.blocked_autorange(min_run_time=seconds)
    rounds: list[float] = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(rounds) < 5:
        start = time.perf_counter()
        call()
        rounds.append(time.perf_counter() - start)
    number, begin = 0, time.perf_counter()
    while time.perf_counter() - begin < seconds:
        call()
        number += 1
    return {
        "pytest-benchmark: min": min(rounds),
        "pytest-benchmark: median": statistics.median(rounds),
        "Timer.blocked_autorange: median": blocked.median,
        "Timer.blocked_autorange: mean": blocked.mean,
        "naive loop: mean": (time.perf_counter() - begin) / number,
    }
