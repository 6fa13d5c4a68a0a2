"""Tasks done on other machines, over any ``concurrent.futures.Executor``: JSON travels.

A job whose worker is lost is sent again; one that takes down every worker, alone too, is refused.
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
import traceback
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import msgspec

from attncheck.data.environment import fingerprint
from attncheck.errors import AttncheckError
from attncheck.execution import interrupts
from attncheck.execution.cache import digest_of
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered, Message, Refused
from attncheck.execution.supervising import UNABLE, Result, supervise
from attncheck.execution.task import A, AnyTask, N, O, Q, Task, named

_TICK = 0.1
_TOGETHER, _TIMES = 2, 3
"""How often a job is sent with others, and how often before it is given up."""
_ALIKE = ("attncheck", "python", "torch", "numpy", "machine")
"""Facts of an installation that a worker shares: the report states them."""

Ended = SimpleQueue[tuple[int, Future[bytes]]]


class Sent(msgspec.Struct, frozen=True):
    """What a worker is asked.

    Attributes:
        kind: a subclass of :class:`Task`, ``package.module:Class``.
        question: of the type that the kind of work asks.
        limits: what it may use.
        facts: of the installation that asks.
        files: those that the question names, each with a digest.
    """

    kind: str
    question: msgspec.Raw
    limits: Limits
    facts: dict[str, str]
    files: dict[str, str]


class Returned(msgspec.Struct, frozen=True):
    """What a worker answers: a :class:`Result`, and a digest of all files that it rests on."""

    result: msgspec.Raw
    rests_on: str


def run_json(sent: bytes) -> bytes:
    """Do a task wherever this runs: :class:`Sent` as JSON in, :class:`Returned` as JSON out."""
    asked = msgspec.json.decode(sent, type=Sent)
    try:
        result = _done(asked)
    except AttncheckError as error:
        result = Result(refused=Refused(UNABLE, error.what, error.where, error.instead))
    except Exception as error:  # ours: it costs this subject, and no other
        result = Result(refused=internal(error))
    raw = msgspec.Raw(msgspec.json.encode(result))
    return msgspec.json.encode(Returned(raw, _digest_of_all(result.read or ())))


def internal(error: Exception) -> Refused:
    """Return the refusal that a mistake of ours makes."""
    why = f"attncheck itself failed: {type(error).__name__}: {error}"
    return Refused("internal", why, traceback=traceback.format_exception(error)[-14:])


def _done(asked: Sent) -> Result[Any, Any, Any]:
    """Return what becomes of a task here.

    Raises:
        AttncheckError: this machine is not set up as the one that asks.
    """
    here, own = platform.node() or "a worker", _facts()
    for name, there in asked.facts.items():
        if own[name] != there:
            raise AttncheckError(
                f"the worker on {here} has {name} {own[name]}, the report would say {there}",
                where="--executor",
                instead="give the workers the environment of the machine that asks",
            )
    for path, digest in asked.files.items():
        if (found := digest_of(Path(path))) != digest:
            what = f"another {Path(path).name}" if found else f"no {Path(path).name}"
            raise AttncheckError(
                f"the worker on {here} has {what} there",
                where=path,
                instead="workers need the module's files: on a disk that they share under the "
                "same path, or in a package that is installed there",
            )
    work: type[AnyTask] = named(asked.kind)
    task = work.of(msgspec.json.decode(asked.question, type=work.asks))
    return supervise(task, asked.limits)


def send_all(
    tasks: Sequence[Task[Q, A, O, N]],
    limits: Limits,
    engine: Engine,
    listen: Callable[[AnyTask, Message], None] | None = None,
    done: Callable[[int, Result[A, O, N]], None] | None = None,
) -> tuple[list[Result[A, O, N]], bool]:
    """Return one result per task, in their order, and whether Ctrl-C cut the work short.

    Args:
        tasks: the subjects.
        limits: what each may use.
        engine: where they are sent.
        listen: told the answers of each task that is finished.
        done: told the place and the result of each task that is finished.

    Raises:
        AttncheckError: the engine cannot be opened.
    """
    posts = [_sent(task, limits) for task in tasks]
    results: dict[int, Result[A, O, N]] = {}
    lost: dict[int, list[str]] = {place: [] for place in range(len(tasks))}

    def take(place: int, result: Result[A, O, N]) -> None:
        results[place] = result
        if listen is not None:
            for step, answer in result.answers.items():
                listen(tasks[place], Answered(step, answer))
        if done is not None:
            done(place, result)

    with interrupts.held():
        while lost and not interrupts.asked():
            places = _next(lost)
            try:
                for place, said in _answers(engine, posts, places):
                    if isinstance(said, Exception):
                        lost[place].append(f"{type(said).__name__}: {said}".rstrip(": "))
                    else:
                        del lost[place]
                        take(place, _result(tasks[place], said))
            except AttncheckError as error:  # it cannot be opened, or not again
                if not any(lost.values()) and not results:
                    raise
                places = [*lost]
                for place in places:
                    lost[place] = [error.what] * _TIMES
            if any(place in lost for place in places):
                engine.close(wait=False)  # it may be broken
            for place in places:
                if len(lost.get(place, ())) >= _TIMES:
                    take(place, Result(refused=_given_up(lost.pop(place))))
    for place in lost:
        results[place] = Result(interrupted=True)
    return [results[place] for place in range(len(tasks))], bool(lost)


def _next(lost: dict[int, list[str]]) -> list[int]:
    """Return which are sent next: all, then one after the other what was lost among others."""
    together = [place for place, times in lost.items() if len(times) < _TOGETHER]
    return together or [*lost][:1]


def _answers(
    engine: Engine, posts: Sequence[bytes], places: Iterable[int]
) -> Iterable[tuple[int, bytes | Exception]]:
    """Yield what comes back of each as it does, an error of the engine where its worker was lost.

    Somebody's wish to end ends it before all are there.
    """
    ended: Ended = SimpleQueue()
    waiting: dict[int, Future[bytes]] = {}
    for place in places:
        try:
            waiting[place] = engine.submit(run_json, posts[place])
        except AttncheckError:
            raise
        except Exception as error:  # it broke before this one could be sent
            yield place, error
            continue
        waiting[place].add_done_callback(_telling(ended, place))
    while waiting and not interrupts.asked():
        with contextlib.suppress(Empty):
            place, future = ended.get(timeout=_TICK)
            del waiting[place]
            try:
                yield place, future.result()
            except Exception as error:
                yield place, error
    for future in waiting.values():
        future.cancel()
    if waiting:
        engine.close(wait=False)


def _telling(ended: Ended, place: int) -> Callable[[Future[bytes]], None]:
    return lambda future: ended.put((place, future))


def _sent(task: AnyTask, limits: Limits) -> bytes:
    files = {path: digest_of(Path(path)) for path in task.files()}
    question = msgspec.Raw(msgspec.json.encode(task.question))
    return msgspec.json.encode(Sent(task.kind(), question, limits, _facts(), files))


def _result(task: Task[Q, A, O, N], data: bytes) -> Result[A, O, N]:
    """Return what a worker found; what it rests on only where the files are the same here."""
    kind: Any = Result[task.answers, task.opens, task.counts]  # type: ignore[name-defined]
    returned = msgspec.json.decode(data, type=Returned)
    result: Result[A, O, N] = msgspec.json.decode(returned.result, type=kind)
    if returned.rests_on != _digest_of_all(result.read or ()):
        result.read, result.deaths = None, []  # nobody here could tell when it is no longer true
    return result


def _given_up(why: Sequence[str]) -> Refused:
    return Refused(
        UNABLE,
        f"its worker was lost {len(why)} times, at last alone: {why[-1]}",
        instead="audit it on this machine, without --executor; see also the engine's own logs",
    )


def _facts() -> dict[str, str]:
    found = fingerprint()
    return {name: str(found[name]) for name in _ALIKE}


def _digest_of_all(paths: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(f"{path}\0{digest_of(Path(path))}\0".encode())
    return digest.hexdigest()
