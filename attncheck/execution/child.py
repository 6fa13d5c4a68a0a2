"""The child process: confine itself, work on one job, and say each step to the parent."""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection

import msgspec

from attncheck.data.report import Finding
from attncheck.errors import AttncheckError
from attncheck.execution.job import Job
from attncheck.execution.judges import watched
from attncheck.execution.limits import Limits, confine, is_out_of_memory, mention_memory
from attncheck.execution.messages import (
    Counted,
    Done,
    Found,
    Message,
    Opened,
    Reached,
    Refused,
    Started,
    Trying,
    encode,
)
from attncheck.execution.patches import PATCHED, PATCHES, functions, replaced
from attncheck.execution.seal import sealing
from attncheck.execution.streams import settle
from attncheck.source.raised import where_raised

CUT_OFF = 97
"""Exit status of a child whose pipe to the parent was closed under it."""
SUBJECT = "subject"
"""Kind of refusal: an exception from the subject's code, outside of what claims watch."""
UNREADY = 95
"""Exit status of a child that could not be made ready, before anything of the subject ran."""
_noted: list[Callable[[], str]] = []
_WE_USE = tuple(f"site-packages{os.sep}{name}{os.sep}" for name in ("fvcore", "msgspec", "numpy"))


def main(
    work: str, job: bytes, limits: bytes, key: bytearray, wire: Connection, out: Connection
) -> None:
    """Run the generator ``work`` ("package.module:name") on a job; never returns.

    Args:
        work: called with the job and ``note=``, yields an opening, names, findings and counts.
        job: a :class:`Job` as JSON.
        limits: a :class:`Limits` as JSON.
        key: what seals the messages; wiped at once.
        wire: where messages go.
        out: where whatever the subject prints goes.
    """
    leave = os._exit
    try:
        import torch

        told = msgspec.json.decode(limits, type=Limits)
        torch.set_num_threads(1)
        say = _speaker(settle(wire, out), key)
        confine(told)
        say(Reached("import"))
    except BaseException as error:  # ours or the machine's: no line of the subject has run
        with contextlib.suppress(BaseException):
            os.write(out.fileno(), f"{type(error).__name__}: {error}".encode())
        leave(UNREADY)
    code = 1
    try:
        code = _work(work, msgspec.json.decode(job, type=Job), told, say)
    except SystemExit as leaving:  # the subject's, where no claim catches it
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        leave(code & 0xFF)  # threads and exit handlers of the subject do not get a say


def note_judges() -> None:
    """Note what judges once, where children are forked from, for all of them."""
    _noted.append(watched())


def _speaker(descriptor: int, key: bytearray) -> Callable[[Message], None]:
    """Return what writes a message; a copy of the process that the subject forked stays silent."""
    owner, seal, encoded = os.getpid(), sealing(key), encode
    write, getpid, leave = os.write, os.getpid, os._exit

    def say(message: Message) -> None:
        if getpid() != owner:
            leave(0)
        data = seal(encoded(message))
        try:
            while data:
                data = data[write(descriptor, data) :]
        except OSError:
            leave(CUT_OFF)

    return say


def _work(work: str, job: Job, limits: Limits, say: Callable[[Message], None]) -> int:
    before, judges = functions(), _noted.pop() if _noted else watched()
    sys.argv = [job.target]
    sys.dont_write_bytecode = True
    if job.folder and job.folder not in sys.path:
        sys.path.append(job.folder)

    def said(message: Message) -> None:
        if names := judges():
            raise _PatchedError(names)
        say(message)

    try:
        _speak_of(work, job, limits, say, said)
        said(Done())
        return 0
    except _PatchedError as patched:
        names = str(patched)
    except AttncheckError as error:
        say(Refused(type(error).__name__, error.what, error.where, error.instead))
        names = judges()
    except Exception as error:
        if not (names := judges() or replaced(before)):
            say(_broken(error, limits))
    if names:
        print(PATCHES + names, file=sys.stderr, flush=True)
        return PATCHED
    say(Done())
    return 0


class _PatchedError(BaseException):
    """What judges is no longer what it was."""


def _speak_of(
    work: str,
    job: Job,
    limits: Limits,
    say: Callable[[Message], None],
    said: Callable[[Message], None],
) -> None:
    """Say everything that the work yields; what counts is ``said``, once the judges are sound."""
    from attncheck.subject.raising import listening

    place, _, name = work.partition(":")
    events = getattr(importlib.import_module(place), name)(job, note=lambda case: say(Trying(case)))
    with listening(lambda phase: say(Reached(phase))):
        for event in events:
            if isinstance(event, Opened):
                said(event)
                break
    for event in events:
        if isinstance(event, str):
            say(Started(event))
        elif isinstance(event, Finding):
            said(Found(mention_memory(event, limits)))
        elif isinstance(event, Counted):
            said(event)


def _broken(error: Exception, limits: Limits) -> Refused:
    text = f"{type(error).__name__}: {error}"
    place = where_raised(error)
    if place is not None and not any(part in place.path for part in _WE_USE):
        return Refused(SUBJECT, f"raises {text[:300]}", f"{place.path}:{place.line}")
    if is_out_of_memory(text):
        return Refused(
            "memory",
            f"the memory limit of {limits.memory} is reached before the first claim",
            instead="take smaller dims with --set, or raise --memory-limit",
        )
    lines = traceback.format_exception(error)
    return Refused("internal", f"attncheck itself failed: {text[:300]}", traceback=lines[-14:])
