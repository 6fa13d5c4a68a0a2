"""The other side of ``--against``: another module, or a version of the same file.

``path.py@revision:Class`` is the file as it was, taken out of git into a folder of its own.
"""

from __future__ import annotations

import io
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path

import msgspec

from attncheck.auditing.task import Audit
from attncheck.commands.profile.wanted import Plan, Wanted, plan
from attncheck.commands.words import UNSAID, read_word
from attncheck.errors import TargetError, UsageError


def split_revision(target: str) -> tuple[str, str]:
    """Return (target, revision) of ``path.py@revision:Class``; "" where none is named.

    >>> split_revision("models/se.py@main~2:SE"), split_revision("se.py:SE")
    (('models/se.py:SE', 'main~2'), ('se.py:SE', ''))
    """
    place, colon, name = target.rpartition(":")
    path, at, revision = place.partition(".py@")
    return (f"{path}.py{colon}{name}", revision) if at else (target, "")


def check_out(revision: str, here: Path, into: Path) -> Path:
    """Write the repository's files of a revision, and return what ``here`` is in it.

    Files that the module imports are of that revision too, unless they are installed.

    Args:
        revision: anything that git takes for a commit.
        here: a folder inside of the repository; targets are relative to it.
        into: an empty folder.

    Raises:
        TargetError: this is no repository, or it has no such revision.
    """
    top = Path(_git(here, "rev-parse", "--show-toplevel").decode().strip())
    commit = _git(here, "rev-parse", "--verify", f"{revision}^{{commit}}").decode().strip()
    with tarfile.open(fileobj=io.BytesIO(_git(top, "archive", commit))) as archive:
        archive.extractall(into, filter="data")
    return into / here.resolve().relative_to(top.resolve())


def _git(folder: Path, *words: str) -> bytes:
    try:
        done = subprocess.run(["git", "-C", str(folder), *words], capture_output=True, check=False)
    except OSError as error:
        raise TargetError("git is needed for a revision", where=str(error)) from None
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise TargetError(
            f"git cannot give this revision: {said[-1] if said else 'no reason told'}",
            where="--against",
            instead="write path/to/file.py@REVISION:Class, inside of a repository",
        )
    return done.stdout


def opposed(
    plans: list[Plan], against: str, wanted: Wanted, folder: Path
) -> tuple[list[Plan], Plan | None]:
    """Return the plans of both sides.

    Args:
        plans: what is profiled.
        against: a spec, a target, or ``file.py@revision:Class``; "" for no other side.
        wanted: the options, which hold for both.
        folder: an empty one, for files of a revision.

    Raises:
        UsageError, TargetError: there is no such other side, or more than one of the one side.
    """
    if not against:
        return plans, None
    if len(plans) != 1:
        raise UsageError("--against compares one module with one other", where="--against")
    if wanted.device == "meta":
        raise UsageError("nothing is timed on meta", where="--against")
    mine = plans[0]
    target, revision = split_revision(against)
    other = _other(mine, target, wanted)
    if revision:
        job = msgspec.structs.replace(
            other.audit.job, folder=str(check_out(revision, Path.cwd(), folder))
        )
        other = replace(other, audit=Audit(job, other.audit.claims))
    return plans, other


def _other(mine: Plan, target: str, wanted: Wanted) -> Plan:
    """A target is held against the same spec, where it is not given with another one."""
    word = read_word(target)
    if word.target:
        own = UNSAID if mine.audit.job.plain else mine.audit.job.spec
        return plan(word.spec or own, word.target, wanted)
    return plan(word.spec if word.subject else f"{word.spec}@reference", "", wanted)
