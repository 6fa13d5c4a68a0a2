"""Many subjects at once, over any ``concurrent.futures.Executor``; results keep their order."""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from queue import Empty, SimpleQueue

import msgspec

from attncheck.catalogue import load
from attncheck.errors import AttncheckError
from attncheck.execution import interrupts
from attncheck.execution.job import Job
from attncheck.execution.killing import descendants, end_all
from attncheck.execution.limits import Limits, at_once
from attncheck.execution.messages import Message, Refused
from attncheck.execution.starting import cool_down, server_pid, warm_up
from attncheck.execution.supervising import ALLOWED, Result, supervise
from attncheck.subject.claim import Claim

_TICK = 0.1


@dataclass(frozen=True)
class Task:
    """A job, the claims that it names, and the generator that works on it."""

    job: Job
    claims: Mapping[str, Claim]
    work: str


def default_workers() -> int:
    """Return how many subjects to audit at once: one per core that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def run_all(
    tasks: Sequence[Task],
    limits: Limits,
    workers: int = 0,
    listen: Callable[[Task, Message], None] | None = None,
    executor: Executor | None = None,
    done: Callable[[int, Result], None] | None = None,
) -> tuple[list[Result], bool]:
    """Return one result per task, in their order, and whether Ctrl-C cut the work short.

    Args:
        tasks: the subjects.
        limits: what each may use.
        workers: how many at once; 0 for one per core.
        listen: told every message of every task, from several threads.
        executor: where to run instead of threads of this process; nothing is listened to then.
        done: told the place and the result of each task that is finished, from this thread.
    """
    if executor is not None:
        asked = msgspec.json.encode(limits)
        sent = [executor.submit(run_json, msgspec.json.encode(t.job), asked, t.work) for t in tasks]
        return [msgspec.json.decode(future.result(), type=Result) for future in sent], False
    warm_up(modules={task.work.partition(":")[0] for task in tasks})
    stop = threading.Event()
    pool = ThreadPoolExecutor(at_once(workers or default_workers()))
    waiting: list[Future[Result]] = []
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
            end_all(descendants(server_pid()))  # what subjects left behind
    return [
        Result(interrupted=True) if future.cancelled() else future.result() for future in waiting
    ], interrupted


def _all_ended(
    waiting: Sequence[Future[Result]], done: Callable[[int, Result], None] | None
) -> bool:
    """Wait for all, telling each; False when somebody asked to end before."""
    places = {future: place for place, future in enumerate(waiting)}
    ended: SimpleQueue[Future[Result]] = SimpleQueue()
    for future in waiting:
        future.add_done_callback(ended.put)
    while places and not interrupts.asked():
        with contextlib.suppress(Empty):
            future = ended.get(timeout=_TICK)
            place, result = places.pop(future), future.result()
            if done is not None:
                done(place, result)
    return not places


def run_json(job: bytes, limits: bytes, work: str) -> bytes:
    """Audit a job wherever this runs: JSON in, a :class:`Result` as JSON out.

    Any ``concurrent.futures.Executor`` can be given this, a distributed engine's too.
    """
    asked = msgspec.json.decode(job, type=Job)
    claims = load(asked.spec).claims_of(asked.name)
    chosen = {name: claims[name] for name in asked.claims}
    return msgspec.json.encode(
        supervise(asked, chosen, msgspec.json.decode(limits, type=Limits), work=work)
    )


def _run(
    task: Task,
    limits: Limits,
    listen: Callable[[Task, Message], None] | None,
    stop: threading.Event,
) -> Result:
    told = None if listen is None else lambda message: listen(task, message)
    try:
        return supervise(task.job, task.claims, limits, told, stop, work=task.work)
    except Exception as error:  # ours: it costs this subject, and no other
        why = f"attncheck itself failed: {type(error).__name__}: {error}"
        lines = traceback.format_exception(error)
        return Result(refused=Refused("internal", why, traceback=lines[-14:]))
