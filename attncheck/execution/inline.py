"""Work on a question in this very process: for a debugger, or where no child can be started.

Answers are what a child would give. Nothing protects from a subject that hangs or crashes, or that
replaces what judges it.
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
from collections.abc import Callable, Iterator, Sequence

from attncheck.execution.child import work_on
from attncheck.execution.deaths import Death
from attncheck.execution.limits import Limits
from attncheck.execution.listening import Course
from attncheck.execution.messages import Message, Reached, encode
from attncheck.execution.patches import PATCHED, PATCHES
from attncheck.execution.task import A, N, O, Q, Task, named
from attncheck.execution.testimony import UnsoundError, heard
from attncheck.instruments.behaviour.process import put_back, surroundings, usual_surroundings
from attncheck.lazy import torch


def spoken(
    task: Task[Q, A, O, N],
    steps: Sequence[str],
    limits: Limits,
    hear: Callable[[Message], None],
) -> Death | None:
    """Work on these steps of a task, and return how a child would have died of it, if it had.

    Args:
        task: what is asked.
        steps: what of it is left.
        limits: what messages name; nothing is limited.
        hear: told every message, as it would come from a child.
    """
    course = Course()

    def say(message: Message) -> None:
        try:
            known = heard(encode(message), task, steps, limits)
        except UnsoundError as error:
            course.end("unsound", 0, text=error.what)
            raise _NoAnswer from None
        course.follow(known)
        hear(known)

    with _as_a_fresh_process():
        try:
            say(Reached("import"))
            work = named(task.runs)
            names = work_on(work, task.narrowed(steps), limits, say, lambda: "")
        except _NoAnswer:
            return course.death
        except SystemExit as leaving:  # the subject's, where nothing catches it
            code = leaving.code if isinstance(leaving.code, int) else 1
            course.end("exit", code & 0xFF)
            return course.death
    if names:
        course.end("patched", PATCHED, PATCHES + names)
    return course.death


class _NoAnswer(BaseException):
    """What was said is none; past whatever catches errors."""


@contextlib.contextmanager
def _as_a_fresh_process() -> Iterator[None]:
    """Give torch and Python the state in which a child begins; put back what was there."""
    before, environment = surroundings(), dict(os.environ)
    argv, path, bytecode = sys.argv, list(sys.path), sys.dont_write_bytecode
    with contextlib.ExitStack() as after:
        for restore in _generators():
            after.callback(restore)
        try:
            after.enter_context(torch.inference_mode(False))
            for kind in ("cpu", *(["cuda"] if torch.cuda.is_available() else [])):
                after.enter_context(torch.autocast(kind, enabled=False))
            usual_surroundings()
            put_back({"the default device": torch.device("cpu"), "torch's number of threads": 1})
            yield
        finally:
            before.restore()
            if dict(os.environ) != environment:
                os.environ.clear()
                os.environ.update(environment)
            sys.argv, sys.path[:], sys.dont_write_bytecode = argv, path, bytecode


def _generators() -> Iterator[Callable[[], object]]:
    """Yield for each generator of random numbers what puts it back to where it is now."""
    state = random.getstate()
    yield lambda: random.setstate(state)
    own = torch.get_rng_state()
    yield lambda: torch.set_rng_state(own)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        devices = torch.cuda.get_rng_state_all()
        yield lambda: torch.cuda.set_rng_state_all(devices)
    if (numpy := sys.modules.get("numpy")) is not None:
        drawn = numpy.random.get_state()
        yield lambda: numpy.random.set_state(drawn)
