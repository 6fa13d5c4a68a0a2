"""A file as it was: ``path.py@revision:Class``, taken out of git into a folder of its own."""

from __future__ import annotations

import io
import subprocess
import tarfile
from pathlib import Path

from attncheck.errors import TargetError


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
