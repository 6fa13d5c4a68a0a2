"""Audit a subject once, for all tests of a run, whichever worker they run in.

Workers of pytest-xdist share results through files: the first to make the lock audits, the others
wait for what it writes.
"""

from __future__ import annotations

import atexit
import contextlib
import getpass
import hashlib
import os
import shutil
import tempfile
import time
from pathlib import Path

import msgspec

from attncheck.auditing.run import run
from attncheck.auditing.task import Audit
from attncheck.catalogue import Spec
from attncheck.data.report import Problem, SubjectReport
from attncheck.execution.limits import Limits
from attncheck.execution.starting import cool_down

_RUN = "PYTEST_XDIST_TESTRUNUID"
_PREFIX = "attncheck-pytest-"
_STALE_SECONDS = 24 * 3600
_ASK_AGAIN_SECONDS = 0.1

Audited = tuple[SubjectReport | None, Problem | None]

_done: dict[str, Audited] = {}


def audited(spec: Spec, task: Audit, limits: Limits) -> Audited:
    """Return what the audit found of the subject, from memory or a file where it was done."""
    content = msgspec.json.encode([task.job, limits], order="deterministic")
    key = hashlib.sha256(content).hexdigest()[:16]
    if key not in _done:
        name = os.environ.get(_RUN)
        _done[key] = _shared(name, key, spec, task, limits) if name else _audit(spec, task, limits)
    return _done[key]


def _audit(spec: Spec, task: Audit, limits: Limits) -> Audited:
    atexit.register(cool_down)
    audit = run([(spec, task)], limits, 1)
    if audit.report.partial:
        raise KeyboardInterrupt
    (entry,) = audit.entries
    return entry.subject, entry.problem


def _shared(name: str, key: str, spec: Spec, task: Audit, limits: Limits) -> Audited:
    folder = _folder(name)
    file, lock = folder / f"{key}.json", folder / f"{key}.lock"
    try:
        os.close(os.open(lock, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        # A worker that died leaves its lock behind: then the audit is done here.
        ends = time.monotonic() + limits.subject_seconds
        while not file.exists():
            if time.monotonic() > ends:
                return _audit(spec, task, limits)
            time.sleep(_ASK_AGAIN_SECONDS)
        shared: Audited = msgspec.json.decode(file.read_bytes(), type=Audited)
        return shared
    found = _audit(spec, task, limits)
    part = file.with_suffix(".part")
    part.write_bytes(msgspec.json.encode(found))
    part.replace(file)
    return found


def _folder(name: str) -> Path:
    """Return this run's folder, the user's own; those of runs long past are removed."""
    place = Path(tempfile.gettempdir())
    prefix = f"{_PREFIX}{_user()}-"
    for old in place.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(old, ignore_errors=True)
    folder = place / f"{prefix}{name}"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "user"
