"""Results on file, found again while all is what it was that they were found with.

What is asked, attncheck itself, torch and what else is installed make the name of an entry. It
holds what its subject had read, each file with a digest: one that changed, came or went, and the
work is done anew. What a time limit, a crash or a lack of memory cut short is kept, too, and taken
where the work is to be resumed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

from attncheck.data.environment import fingerprint
from attncheck.data.own_folder import own_bytes, own_folder, write_own
from attncheck.execution.files_read import own_places
from attncheck.execution.limits import Limits
from attncheck.execution.supervising import UNABLE, Result
from attncheck.execution.task import AnyTask

SCHEMA = "attncheck.result/1"
MOST = 4000
"""Results on file: those that were used last."""
_MOST_BYTES = 64 * 2**20
_LARGE = 64 * 2**20
"""Bytes of a file of which size and time tell whether it changed: weights."""
_CLOCK = 50_000_000
"""Nanoseconds by which the time of a file may lie behind the clock."""
_OTHER_DAY = ("internal", "memory", UNABLE)
"""Kinds of refusal that say nothing of the subject."""
_IDLE = ("cores", "memory", "system")
"""Facts of a machine on which no answer rests."""


class _Entry(msgspec.Struct):
    """A result, the files that it rests on with their digests, and whether it is whole."""

    schema: str
    result: msgspec.Raw
    files: dict[str, str]
    whole: bool


class ResultCache:
    """Results of this machine, in a folder of their own.

    Args:
        resumes: whether what was cut short counts.
        folder: where; None for the user's cache.
    """

    def __init__(self, *, resumes: bool = False, folder: Path | None = None) -> None:
        self._resumes = resumes
        self._folder = folder or own_folder() / "results"
        self._digests: dict[str, str] = {}

    def find(self, task: AnyTask, limits: Limits) -> Result[Any, Any, Any] | None:
        """Return what became of a task, if that is still true."""
        kind: Any = Result[task.answers, task.opens, task.counts]  # type: ignore[name-defined]
        found: Result[Any, Any, Any] | None = self.recall(_asked(task, limits), kind)
        return found

    def keep(
        self, task: AnyTask, limits: Limits, result: Result[Any, Any, Any], began: int
    ) -> None:
        """Keep what became of a task, unless a file changed meanwhile.

        Args:
            task: what was asked.
            limits: under these.
            result: what became of it.
            began: when, in nanoseconds of :func:`time.time_ns`.
        """
        self.remember(_asked(task, limits), result, task, result, began)

    def recall(self, asked: Any, kind: Any) -> Any:
        """Return what was kept under a name, if that is still true; None where it is not.

        Args:
            asked: all that is known before the work, as plain data.
            kind: the type of what is kept.
        """
        place = self._place(asked)
        try:
            entry = msgspec.json.decode(own_bytes(place, _MOST_BYTES), type=_Entry)
            if entry.schema != SCHEMA or not (entry.whole or self._resumes):
                return None
            if any(self._digest(path) != known for path, known in entry.files.items()):
                return None
            found = msgspec.json.decode(entry.result, type=kind)
        except (OSError, ValueError, RecursionError):
            return None
        with contextlib.suppress(OSError):
            os.utime(place)
        return found

    def remember(
        self, asked: Any, value: Any, task: AnyTask, result: Result[Any, Any, Any], began: int
    ) -> None:
        """Keep what was made of a task's result, under a name.

        Args:
            asked: as for :meth:`recall`.
            value: what is kept, of a type that JSON holds.
            task, result, began: as for :meth:`keep`; they tell how long it is true.
        """
        refused = result.refused is not None and result.refused.kind in _OTHER_DAY
        if result.interrupted or refused or (result.read is None and not result.deaths):
            return
        paths = {*(result.read or ()), *task.files()}
        if any(_changed(path) > began - _CLOCK for path in paths):
            return
        entry = _Entry(
            SCHEMA,
            msgspec.Raw(msgspec.json.encode(value)),
            {path: digest_of(Path(path)) for path in sorted(paths)},
            whole=not result.deaths,
        )
        with contextlib.suppress(OSError):
            write_own(self._place(asked), msgspec.json.encode(entry))

    def prune(self) -> None:
        """Remove the results that were used longest ago, where there are many."""
        with contextlib.suppress(OSError):
            files = sorted(self._folder.glob("*.json"), key=lambda one: one.stat().st_mtime)
            for path in files[:-MOST]:
                path.unlink()

    def _place(self, asked: Any) -> Path:
        """Return the file of an entry: named by all that is known before the work is done."""
        text = msgspec.json.encode([SCHEMA, asked, _ground()], order="deterministic")
        return self._folder / f"{hashlib.sha256(text).hexdigest()[:32]}.json"

    def _digest(self, path: str) -> str:
        if path not in self._digests:
            self._digests[path] = digest_of(Path(path))
        return self._digests[path]


def _asked(task: AnyTask, limits: Limits) -> list[Any]:
    return [task.kind(), task.question, limits.memory_bytes]


def digest_of(path: Path) -> str:
    """Return a digest of a file's content, "" where there is none."""
    try:
        told = path.stat()
        if not stat.S_ISREG(told.st_mode):
            return ""
        if told.st_size > _LARGE:
            return f"{told.st_size} {told.st_mtime_ns}"
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except (OSError, ValueError):
        return ""


def _changed(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except (OSError, ValueError):
        return 0


@lru_cache(maxsize=1)
def _ground() -> str:
    """Return a digest of all that answers rest on beside their subject.

    The source of attncheck and its specs, the versions of what is installed, the machine.
    """
    facts = {key: value for key, value in fingerprint().items() if not key.startswith(_IDLE)}
    folder = Path(sysconfig.get_path("purelib"))
    ends = (".dist-info", ".egg-info", ".egg-link", ".pth")
    installed = sorted(one for one in _names(folder) if one.endswith(ends))
    digest = hashlib.sha256(json.dumps([facts, installed, os.environ.get("PYTHONPATH")]).encode())
    for place in own_places():
        for root, folders, files in os.walk(place):
            folders.sort()
            for name in sorted(files):
                if name.endswith((".py", ".toml")):
                    path = Path(root, name)
                    digest.update(f"{path}\0{digest_of(path)}\0".encode())
    return digest.hexdigest()


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []
