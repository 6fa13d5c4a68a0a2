"""Many subjects at once, here or on an engine of others; results keep their order."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue

from attncheck.errors import AttncheckError
from attncheck.execution import interrupts
from attncheck.execution.elsewhere import internal, send_all
from attncheck.execution.engines import Engine
from attncheck.execution.killing import end_below
from attncheck.execution.limits import Limits, at_once
from attncheck.execution.messages import Message
from attncheck.execution.starting import cool_down, server_pid, warm_up
from attncheck.execution.supervising import ALLOWED, Result, supervise
from attncheck.execution.task import A, AnyTask, N, O, Q, Task

_TICK = 0.1


def default_workers() -> int:
    """Return how many subjects to audit at once: one per core that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def run_all(
    tasks: Sequence[Task[Q, A, O, N]],
    limits: Limits,
    workers: int = 0,
    listen: Callable[[AnyTask, Message], None] | None = None,
    engine: Engine | None = None,
    done: Callable[[int, Result[A, O, N]], None] | None = None,
    *,
    isolate: bool = True,
) -> tuple[list[Result[A, O, N]], bool]:
    """Return one result per task, in their order, and whether Ctrl-C cut the work short.

    Args:
        tasks: the subjects.
        limits: what each may use.
        workers: how many at once; 0 for one per core.
        listen: told every message of every task, from several threads.
        engine: where to send them instead; what is listened to are answers, as each task ends.
        done: told the place and the result of each task that is finished, from this thread.
        isolate: in child processes; else one after the other in this one, from this thread.
    """
    if not isolate:
        return _here(tasks, limits, listen, done)
    if engine is not None:
        return send_all(tasks, limits, engine, listen, done)
    warm_up(modules=set().union(*(task.modules() for task in tasks)))
    stop = threading.Event()
    pool = ThreadPoolExecutor(at_once(workers or default_workers()))
    waiting: list[Future[Result[A, O, N]]] = []
    interrupted = True
    with interrupts.held():
        try:
            for task in tasks:
                waiting.append(pool.submit(_run, task, limits, listen, stop))
            interrupted = not _all_ended(waiting, done)
        except KeyboardInterrupt:  # of a caller that hears signals itself
            pass
        except RuntimeError as error:  # no thread
            raise AttncheckError(f"no work can be started: {error}", instead=ALLOWED) from None
        finally:
            if interrupted:
                stop.set()
                cool_down()  # nobody waits for it to load torch
            pool.shutdown(wait=True, cancel_futures=True)
            end_below(server_pid())  # what subjects left behind
    return [
        Result(interrupted=True) if future.cancelled() else future.result() for future in waiting
    ], interrupted


def _here(
    tasks: Sequence[Task[Q, A, O, N]],
    limits: Limits,
    listen: Callable[[AnyTask, Message], None] | None,
    done: Callable[[int, Result[A, O, N]], None] | None,
) -> tuple[list[Result[A, O, N]], bool]:
    results: list[Result[A, O, N]] = []
    try:
        for place, task in enumerate(tasks):
            results.append(_run(task, limits, listen, threading.Event(), isolate=False))
            if done is not None:
                done(place, results[place])
    except KeyboardInterrupt:
        left = len(tasks) - len(results)
        return results + [Result(interrupted=True) for _ in range(left)], True
    return results, False


def _all_ended(
    waiting: Sequence[Future[Result[A, O, N]]],
    done: Callable[[int, Result[A, O, N]], None] | None,
) -> bool:
    """Wait for all, telling each; False when somebody asked to end before."""
    places = {future: place for place, future in enumerate(waiting)}
    ended: SimpleQueue[Future[Result[A, O, N]]] = SimpleQueue()
    for future in waiting:
        future.add_done_callback(ended.put)
    while places and not interrupts.asked():
        with contextlib.suppress(Empty):
            future = ended.get(timeout=_TICK)
            place, result = places.pop(future), future.result()
            if done is not None:
                done(place, result)
    return not places


def _run(
    task: Task[Q, A, O, N],
    limits: Limits,
    listen: Callable[[AnyTask, Message], None] | None,
    stop: threading.Event,
    *,
    isolate: bool = True,
) -> Result[A, O, N]:
    told = None if listen is None else lambda message: listen(task, message)
    try:
        return supervise(task, limits, told, stop, isolate=isolate)
    except Exception as error:  # ours: it costs this subject, and no other
        return Result(refused=internal(error))
