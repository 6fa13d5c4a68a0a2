"""A file or folder as it was at a git revision: ``path@rev``, laid out in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec

from attncheck.data.text_file import named_path
from attncheck.errors import UsageError
from attncheck.signature.live_target import live_target

T = TypeVar("T", bound=msgspec.Struct)

_QUIETLY = {
    "LC_ALL": "C",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_TERMINAL_PROMPT": "0",
}
_PLAIN = ("-c", "core.fsmonitor=false", "-c", "core.sparseCheckout=false")
_SECONDS = 300
_NO_REVISION = set("()[]'\"*?\\ ")
"""Signs that git allows in no name of a revision."""


@dataclass(frozen=True)
class Version:
    """A place, and the revision at which it is meant.

    Attributes:
        text: as it was typed.
        place: the same without its revision.
        top: the folder of the repository; None for the files as they are.
        commit: its hash; "" for the files as they are.
    """

    text: str
    place: str
    top: Path | None = None
    commit: str = ""


def version_of(text: str) -> Version:
    """Return what ``net.py``, ``net.py@HEAD~1:Net()`` or ``net.py:Net()@HEAD~1`` means.

    Raises:
        UsageError: no repository is there, or it has no such revision.
    """
    if _is_there(text):
        return Version(text, text)
    found = list(_dated(text))
    if not found:
        return Version(text, text)
    place, revision = next((one for one in found if _is_there(one[0])), found[0])
    top, commit = _commit(_split(place)[0], revision, text)
    return Version(text, place, top, commit)


@contextmanager
def laid_out(version: Version) -> Iterator[Laid]:
    """Yield where the files of a version lie; those of a revision are gone behind the context.

    Raises:
        UsageError: git does not give the files.
    """
    if version.top is None:
        yield Laid(version)
        return
    with tempfile.TemporaryDirectory(
        prefix="attncheck-revision-", ignore_cleanup_errors=True
    ) as made:
        folder = Path(os.path.realpath(made), "tree")
        folder.mkdir()
        _write(version, folder)
        yield Laid(version, folder)


@dataclass(frozen=True)
class Laid:
    """A version whose files lie in a folder; None for the files as they are."""

    version: Version
    folder: Path | None = None

    @contextmanager
    def inside(self) -> Iterator[str]:
        """Yield the place as it is to be named while the context is open.

        The working folder and the folders of imports are those of the revision: relative paths
        and imports mean what they meant then.
        """
        place, folder, top = self.version.place, self.folder, self.version.top
        if folder is None or top is None:
            yield place
            return
        here, imports = Path.cwd(), list(sys.path)
        path, rest = _split(place)
        if (absolute := named_path(path)).is_absolute():
            path = str(_then(Path(os.path.realpath(absolute)), top, folder))
        inside = _then(Path(os.path.realpath(here)), top, folder)
        inside.mkdir(parents=True, exist_ok=True)
        os.chdir(inside)
        sys.path[:] = [str(_then(Path(one), top, folder)) if one else one for one in imports]
        try:
            yield path + rest
        finally:
            sys.path[:] = imports
            os.chdir(here)

    def told(self, said: T) -> T:
        """Return plain data whose texts name files as they are named inside of the context."""
        inside = Path(os.path.realpath(Path.cwd()))
        folders = [inside] if self.folder is None else [inside, self.folder]
        data = msgspec.json.encode(said)
        for folder in folders:
            data = data.replace(f"{folder}{os.sep}".encode(), b"")
        return msgspec.json.decode(data, type=type(said))


def _dated(text: str) -> Iterator[tuple[str, str]]:
    """Yield the places without a revision, and the revision, for each ``@`` that may be its."""
    for at in (n for n, sign in enumerate(text) if sign == "@" and n):
        revision, colon, rest = text[at + 1 :].partition(":")
        if revision and not set(revision) & _NO_REVISION:
            yield f"{text[:at]}{colon}{rest}", revision


def _is_there(text: str) -> bool:
    return named_path(_split(text)[0]).exists()


def _split(text: str) -> tuple[str, str]:
    """Return the path of a place, and what stands behind it: ``:Net(depth=18)#stage1``."""
    live = live_target(text)
    if live is not None:
        return live.place, text[len(live.place) :]
    path, colon, name = text.rpartition(":")
    named = colon and name.replace(".", "").isidentifier() and not named_path(text).exists()
    return (path, f":{name}") if named else (text, "")


def _then(path: Path, top: Path, folder: Path) -> Path:
    """Return where a path of the repository lies in the folder; another path as it is."""
    return folder / path.relative_to(top) if path.is_relative_to(top) else path


def _commit(path: str, revision: str, text: str) -> tuple[Path, str]:
    """Return the repository's folder, and the hash of a revision."""
    folder = Path(os.path.realpath(named_path(path)))
    while not folder.is_dir():  # it may be gone by now
        folder = folder.parent
    found = _git(folder, ["rev-parse", "--show-toplevel"])
    if found.returncode:
        said = found.stderr.decode(errors="replace").partition("\n")[0]
        none = "not a git repository" in said
        raise UsageError(
            "is in no git repository, so it has no revisions" if none else f"git says: {said}",
            where=text,
            instead="write a path in a repository, or a copy of the file",
        )
    top = Path(os.path.realpath(os.fsdecode(found.stdout.rstrip(b"\n"))))
    asked = ["rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}"]
    found = _git(top, asked)
    if found.returncode:
        raise UsageError(
            f"git knows no revision '{revision}'",
            where=text,
            instead="write a branch, a tag, a commit or HEAD~1 behind the @",
        )
    return top, found.stdout.decode().strip().splitlines()[-1]


def _write(version: Version, folder: Path) -> None:
    """Write the files of a revision; neither the repository nor its index is changed."""
    assert version.top is not None
    index = {"GIT_INDEX_FILE": str(folder.parent / "index")}
    for words in (
        ["read-tree", version.commit],
        ["checkout-index", "--all", "--quiet", f"--prefix={folder}{os.sep}"],
    ):
        done = _git(version.top, words, index)
        if done.returncode:
            said = done.stderr.decode(errors="replace").strip().splitlines()
            raise UsageError(
                f"git does not give the files: {said[-1] if said else done.returncode}",
                where=version.text,
            )


def _git(
    folder: Path, words: Sequence[str], more: dict[str, str] | None = None
) -> subprocess.CompletedProcess[bytes]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    try:
        return subprocess.run(
            ["git", *_PLAIN, *words],
            cwd=folder,
            env={**kept, **_QUIETLY, **(more or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        raise UsageError("git is not installed here", instead="name two files") from None
    except subprocess.TimeoutExpired:
        raise UsageError(f"git gives no answer in {_SECONDS} s", where=str(folder)) from None
