"""Many subjects at once, over any ``concurrent.futures.Executor``; results keep their order."""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from attncheck.errors import AttncheckError
from attncheck.execution import interrupts
from attncheck.execution.killing import end_below
from attncheck.execution.limits import Limits, at_once
from attncheck.execution.messages import Message, Refused
from attncheck.execution.starting import cool_down, server_pid, warm_up
from attncheck.execution.supervising import ALLOWED, Result, supervise
from attncheck.execution.task import A, AnyTask, N, O, Q, Task, named

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
    executor: Executor | None = None,
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
        executor: where to run instead of threads of this process; nothing is listened to then.
        done: told the place and the result of each task that is finished, from this thread.
        isolate: in child processes; else one after the other in this one, from this thread.
    """
    if not isolate:
        return _here(tasks, limits, listen, done)
    if executor is not None:
        encoded = msgspec.json.encode
        sent = [
            executor.submit(run_json, encoded(task.question), encoded(limits), task.kind())
            for task in tasks
        ]
        return [_result(task, one.result()) for task, one in zip(tasks, sent, strict=True)], False
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


def run_json(question: bytes, limits: bytes, kind: str) -> bytes:
    """Do a task wherever this runs: JSON in, a :class:`Result` as JSON out.

    Any ``concurrent.futures.Executor`` can be given this, a distributed engine's too.

    Args:
        question: of the type that the kind of work asks.
        limits: a :class:`Limits`.
        kind: a subclass of :class:`Task`, ``package.module:Class``.
    """
    work: type[AnyTask] = named(kind)
    task = work.of(msgspec.json.decode(question, type=work.asks))
    return msgspec.json.encode(supervise(task, msgspec.json.decode(limits, type=Limits)))


def _result(task: Task[Q, A, O, N], data: bytes) -> Result[A, O, N]:
    kind: Any = Result[task.answers, task.opens, task.counts]  # type: ignore[name-defined]
    result: Result[A, O, N] = msgspec.json.decode(data, type=kind)
    return result


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
        why = f"attncheck itself failed: {type(error).__name__}: {error}"
        lines = traceback.format_exception(error)
        return Result(refused=Refused("internal", why, traceback=lines[-14:]))
