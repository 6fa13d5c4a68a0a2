"""The child process: confine itself, work on one job, and say each step to the parent."""

from __future__ import annotations

import contextlib
import faulthandler
import importlib
import os
import sys
import traceback
from multiprocessing import process
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from attncheck.errors import AttncheckError
from attncheck.execution.limits import Limits, confine, is_out_of_memory, mention_memory
from attncheck.execution.patches import PATCHED, PATCHES, functions, replaced
from attncheck.job import Job
from attncheck.messages import (
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
from attncheck.report import Finding
from attncheck.source.raised import where_raised

CUT_OFF = 97
"""Exit status of a child whose pipe to the parent was closed under it."""
SUBJECT = "subject"
"""Kind of refusal: an exception from the subject's code, outside of what claims watch."""
_HIGH = 800
_WE_USE = tuple(f"site-packages{os.sep}{name}{os.sep}" for name in ("fvcore", "msgspec", "numpy"))


def main(work: str, job: bytes, limits: bytes, wire: Connection, out: Connection) -> None:
    """Run the generator ``work`` ("package.module:name") on a job; never returns.

    Args:
        work: called with the job and ``note=``, yields an opening, names, findings and counts.
        job: a :class:`Job` as JSON.
        limits: a :class:`Limits` as JSON.
        wire: where messages go.
        out: where whatever the subject prints goes.
    """
    code = 1
    try:
        told = msgspec.json.decode(limits, type=Limits)
        speaker = _Speaker(_settle(wire, out))
        confine(told)
        code = _work(work, msgspec.json.decode(job, type=Job), told, speaker)
    except SystemExit as leaving:  # the subject's, where no claim catches it
        code = leaving.code if isinstance(leaving.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(BaseException):
            sys.stderr.flush()
        os._exit(code & 0xFF)  # threads and exit handlers of the subject do not get a say


class _Speaker:
    """Writes messages; a copy of the process that the subject forked stays silent."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._owner = os.getpid()
        self._write, self._getpid, self._exit = os.write, os.getpid, os._exit

    def say(self, message: Message) -> None:
        if self._getpid() != self._owner:
            self._exit(0)
        data = encode(message)
        try:
            while data:
                data = data[self._write(self._descriptor, data) :]
        except OSError:
            self._exit(CUT_OFF)


def _settle(wire: Connection, out: Connection) -> int:
    """Take over the standard streams and return the pipe to the parent, out of harm's way.

    Pipes move to high numbers, where a subject that closes "its" descriptors seldom looks.
    """
    import fcntl

    speak = fcntl.fcntl(wire.fileno(), fcntl.F_DUPFD_CLOEXEC, _HIGH)
    fault = fcntl.fcntl(out.fileno(), fcntl.F_DUPFD_CLOEXEC, _HIGH)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(out.fileno(), 1)
    os.dup2(out.fileno(), 2)
    for descriptor in (null, wire.fileno(), out.fileno()):
        os.close(descriptor)
    for connection in (wire, out):
        connection._handle = None  # type: ignore[attr-defined]
    faulthandler.enable(file=fault)
    _leave_multiprocessing()
    return speak


def _leave_multiprocessing() -> None:
    """Let go of the fork server, so that what the subject leaves behind cannot keep it alive."""
    from multiprocessing import forkserver, resource_tracker, set_start_method

    server: Any = forkserver._forkserver
    tracker: Any = resource_tracker._resource_tracker
    for holder, name in ((server, "_forkserver_alive_fd"), (tracker, "_fd")):
        descriptor = getattr(holder, name, None)
        if isinstance(descriptor, int):
            with contextlib.suppress(OSError):
                os.close(descriptor)
            setattr(holder, name, None)
    server._forkserver_address = None
    set_start_method(None, force=True)
    # A subject may start processes of its own, which a daemon may not.
    process.current_process()._config["daemon"] = False  # type: ignore[attr-defined]


def _work(work: str, job: Job, limits: Limits, speaker: _Speaker) -> int:
    before = functions()
    sys.argv = [job.target]
    sys.dont_write_bytecode = True
    if job.folder and job.folder not in sys.path:
        sys.path.append(job.folder)
    try:
        _speak_of(work, job, limits, speaker)
    except AttncheckError as error:
        speaker.say(Refused(type(error).__name__, error.what, error.where, error.instead))
    except Exception as error:
        if names := replaced(before):
            print(PATCHES + names, file=sys.stderr)
            return PATCHED
        speaker.say(_broken(error, limits))
    speaker.say(Done())
    return 0


def _speak_of(work: str, job: Job, limits: Limits, speaker: _Speaker) -> None:
    """Say everything that the work yields."""
    import torch

    from attncheck.target.raising import listening

    torch.set_num_threads(1)
    place, _, name = work.partition(":")
    events = getattr(importlib.import_module(place), name)(
        job, note=lambda case: speaker.say(Trying(case))
    )
    with listening(lambda phase: speaker.say(Reached(phase))):
        for event in events:
            if isinstance(event, Opened):
                speaker.say(event)
                break
    for event in events:
        if isinstance(event, str):
            speaker.say(Started(event))
        elif isinstance(event, Finding):
            speaker.say(Found(mention_memory(event, limits)))
        elif isinstance(event, Counted):
            speaker.say(event)


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
    return Refused("internal", f"attncheck itself failed: {text}", traceback=lines[-14:])
