"""All tasks done, those from a cache that are known, the others by children and then kept."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from attncheck.execution.cache import ResultCache
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered, Message
from attncheck.execution.scheduling import run_all
from attncheck.execution.supervising import Result
from attncheck.execution.task import A, AnyTask, N, O, Q, Task


def run_known(
    tasks: Sequence[Task[Q, A, O, N]],
    limits: Limits,
    workers: int = 0,
    listen: Callable[[AnyTask, Message], None] | None = None,
    cache: ResultCache | None = None,
    done: Callable[[int, Result[A, O, N]], None] | None = None,
    *,
    isolate: bool = True,
    engine: Engine | None = None,
) -> tuple[list[Result[A, O, N]], bool]:
    """Return one result per task, in their order, and whether Ctrl-C cut the work short.

    Args:
        tasks: the subjects.
        limits: what each may use.
        workers: how many at once; 0 for one per core.
        listen: told every message of every task that is done, from several threads.
        cache: what is known of earlier; None for nothing.
        done: told the place and the result of each task that is finished.
        isolate: in child processes; else in this one, and nothing is known or kept.
        engine: where what is not known is sent; None for children of this process.
    """
    if cache is None or not isolate:
        return run_all(tasks, limits, workers, listen, engine, done, isolate=isolate)
    began = time.time_ns()
    results: dict[int, Result[A, O, N]] = {}
    for place, task in enumerate(tasks):
        if (found := cache.find(task, limits)) is not None:
            results[place] = found
            if listen is not None:
                for step, answer in found.answers.items():
                    listen(task, Answered(step, answer))
            if done is not None:
                done(place, found)
    rest = [place for place in range(len(tasks)) if place not in results]

    def ended(at: int, result: Result[A, O, N]) -> None:
        cache.keep(tasks[rest[at]], limits, result, began)
        if done is not None:
            done(rest[at], result)

    interrupted = False
    if rest:
        found_now, interrupted = run_all(
            [tasks[place] for place in rest], limits, workers, listen, engine, ended
        )
        results |= dict(zip(rest, found_now, strict=True))
        cache.prune()
    return [results[place] for place in range(len(tasks))], interrupted
