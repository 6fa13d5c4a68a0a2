"""The child process: confine itself, work on one question, and say each step to the parent."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any

import msgspec

from attncheck.errors import AttncheckError
from attncheck.execution.files_read import noted as files_noted
from attncheck.execution.judges import watched
from attncheck.execution.limits import Limits, confine, is_out_of_memory
from attncheck.execution.messages import (
    Answered,
    Counted,
    Done,
    Message,
    Opened,
    Reached,
    Read,
    Refused,
    Started,
    Trying,
    encode,
)
from attncheck.execution.patches import PATCHED, PATCHES, functions, replaced
from attncheck.execution.seal import sealing
from attncheck.execution.streams import settle
from attncheck.execution.task import Question, named
from attncheck.source.raised import where_raised

CUT_OFF = 97
"""Exit status of a child whose pipe to the parent was closed under it."""
SUBJECT = "subject"
"""Kind of refusal: an exception from the subject's code, where no step watches."""
UNREADY = 95
"""Exit status of a child that could not be made ready, before anything of the subject ran."""
_SILENCE = 0.1
"""Seconds in which a phase is not told again."""
Work = Callable[..., Iterator[Any]]

_noted: list[Callable[[], str]] = []
"""What the server noted of the judges; emptied before a subject could look."""
_WE_USE = tuple(f"site-packages{os.sep}{name}{os.sep}" for name in ("fvcore", "msgspec", "numpy"))


def main(
    kind: str, question: bytes, limits: bytes, key: bytearray, wire: Connection, out: Connection
) -> None:
    """Run the generator of a kind of work on a question; never returns.

    Args:
        kind: a subclass of :class:`Task`, "package.module:Class".
        question: of the type that the kind names, as JSON.
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
        loaded = set(sys.modules)
        work = named(kind)
        asked = msgspec.json.decode(question, type=work.asks)
        events = named(work.runs)
        noted = [_noted.pop() for _ in tuple(_noted)]
        ours = {work.__module__, events.__module__}
        judges = noted[0] if noted and ours <= loaded else watched()
        files = files_noted(asked.target)
        say(Reached("import"))
    except BaseException as error:  # ours or the machine's: no line of the subject has run
        with contextlib.suppress(BaseException):
            os.write(out.fileno(), f"{type(error).__name__}: {error}".encode())
        leave(UNREADY)
    code = 1
    try:
        if names := work_on(events, asked, told, say, judges, files):
            print(PATCHES + names, file=sys.stderr, flush=True)
        code = PATCHED if names else 0
    except SystemExit as leaving:  # the subject's, where nothing catches it
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
    """Return what writes a message; a copy of this process stays silent."""
    seal, encoded, original = sealing(key), encode, _only_here()
    write, leave = os.write, os._exit

    def say(message: Message) -> None:
        original()
        data = seal(encoded(message))
        try:
            while data:
                data = data[write(descriptor, data) :]
        except OSError:
            leave(CUT_OFF)

    return say


def _only_here() -> Callable[[], None]:
    """Return what ends the process if it is a copy of this one, which the subject forked."""
    owner, getpid, leave = os.getpid(), os.getpid, os._exit

    def original() -> None:
        if getpid() != owner:
            leave(0)

    return original


def work_on(
    work: Work,
    asked: Question,
    limits: Limits,
    say: Callable[[Message], None],
    judges: Callable[[], str],
    files: Callable[[], list[str]] | None = None,
) -> str:
    """Run the generator of a kind of work on a question, in this very process.

    Args:
        work: the generator.
        asked: the question.
        limits: what messages name.
        say: told all that is found out, ``Done`` at last.
        judges: says whose functions, of those that judge, are no longer what they were; asked
            before anything that counts leaves, for all that was found since it was asked last.
        files: says which were read on behalf of the subject; None where nobody noted.

    Returns:
        Whose functions the subject replaced, so that nothing can be judged; "" for none.
    """
    before = functions()
    sys.argv = [asked.target]
    sys.dont_write_bytecode = True
    if asked.folder and asked.folder not in sys.path:
        sys.path.append(asked.folder)

    said, leave, held = _together(say, judges, limits.look_seconds)
    try:
        _speak_of(work, asked, say, said, files)
        held += [*_read(files), Done()]
        leave()
        return ""
    except _PatchedError as patched:
        names = str(patched)
    except AttncheckError as error:
        refused = Refused(type(error).__name__, error.what, error.where, error.instead)
        if names := judges():
            say(refused)
        held.append(refused)
    except Exception as error:
        if not (names := judges() or replaced(before)):
            held.append(_broken(error, limits))
    if not names:
        for message in [*held, *_read(files), Done()]:
            say(message)
    return names


def _read(files: Callable[[], list[str]] | None) -> list[Message]:
    if files is None:
        return []
    with contextlib.suppress(Exception):  # of what the subject has put among the modules
        return [Read(files())]
    return []


def _together(
    say: Callable[[Message], None], judges: Callable[[], str], seconds: float
) -> tuple[Callable[[Message], None], Callable[[], None], list[Message]]:
    """Return what takes a message, what lets all leave that were taken, and those.

    They leave after a look at the judges, at the latest when one is taken and the last look is so
    many seconds ago. Closures, for nothing of it may be within a subject's reach by a name.
    """
    held: list[Message] = []
    due, now, original = 0.0, time.process_time, _only_here()

    def leave() -> None:
        nonlocal due
        if names := judges():
            raise _PatchedError(names)
        for message in held:
            say(message)
        held.clear()
        due = now() + seconds

    def said(message: Message) -> None:
        original()
        held.append(message)
        if now() >= due:
            leave()

    return said, leave, held


class _PatchedError(BaseException):
    """What judges is no longer what it was."""


def _speak_of(
    work: Work,
    asked: Question,
    say: Callable[[Message], None],
    said: Callable[[Message], None],
    files: Callable[[], list[str]] | None,
) -> None:
    """Say everything that the work yields; what counts is ``said``, once the judges are sound."""
    from attncheck.subject.raising import listening

    events, step = work(asked, note=lambda case: say(Trying(case))), ""
    with listening(_now_and_then(lambda phase: say(Reached(phase)))):
        for event in events:
            if isinstance(event, Opened):
                said(event)
                for message in _read(files):  # for it may die of what comes
                    said(message)
                break
    for event in events:
        if isinstance(event, str):
            step = event
            say(Started(step))
        else:
            said(event if isinstance(event, Counted) else Answered(step, event))


def _now_and_then(tell: Callable[[str], None]) -> Callable[[str], None]:
    """Return what tells each phase that is another one than the last, and others from time to time:
    a subject that is called again and again does not hang.
    """
    last, due, now = "", 0.0, time.monotonic

    def reached(phase: str) -> None:
        nonlocal last, due
        if phase != last or now() >= due:
            last, due = phase, now() + _SILENCE
            tell(phase)

    return reached


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
