"""Files are written before the screen; what is closed, full or narrow loses no result."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from attncheck.cli.exits import Exit
from attncheck.cli.output import ToWrite, deliver
from attncheck.data.report import encode
from tests.cli.command import FINE, spec_with
from tests.gate.reports import report, subject

COMMAND = str(Path(sys.executable).parent / "attncheck")
CLOSED = (">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-", "2>/dev/full", ">&- 2>/dev/full")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("streams")
    (place / "m.py").write_text(FINE, encoding="utf-8")
    spec_with(place, {"fine": "m.py:Fine", "pools": "m.py:Pools"})
    for name in ("base.json", "now.json"):
        (place / name).write_bytes(encode(report(subject())))
    return place


def shell(folder: Path, words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-c", f"{COMMAND} {words}"],
        cwd=folder,
        env={**os.environ, "ATTNCHECK_HOME": str(folder / "home"), **environment},
        capture_output=True,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize(
    "streams", [">&- 2>&-", "<&- >&- 2>&-", ">/dev/full 2>/dev/full", "| head -1"]
)
def test_a_verdict_and_its_file_outlive_the_streams(folder: Path, streams: str) -> None:
    (folder / "r.json").unlink(missing_ok=True)
    done = shell(folder, f"audit ./tiny.toml@pools -o r.json {streams}; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == 1, done.stderr
    assert json.loads((folder / "r.json").read_bytes())["subjects"][0]["verdict"] == "violates"
    assert "mistake" not in done.stderr


def test_a_closed_stream_is_no_violation(folder: Path) -> None:
    assert shell(folder, "audit ./tiny.toml@fine 2>&-").returncode == 0


@pytest.mark.parametrize("streams", CLOSED)
def test_statuses_hold_whatever_is_closed(folder: Path, streams: str) -> None:
    assert shell(folder, f"explain nosuch {streams}").returncode == 2
    assert shell(folder, f"list specs {streams}").returncode == 0
    assert shell(folder, f"gate now.json --baseline base.json {streams}").returncode == 0


def test_nothing_is_written_into_a_file_that_took_a_closed_number(folder: Path) -> None:
    shell(folder, "gate now.json --baseline base.json -o g.json --format github >&- 2>&-")
    assert json.loads((folder / "g.json").read_bytes())["answer"] == "holds"


@pytest.mark.parametrize("words", ["list specs", "explain reach", "--help", "--version"])
def test_a_result_that_is_seen_nowhere_is_a_failure(folder: Path, words: str) -> None:
    done = shell(folder, f"{words} >/dev/full")
    assert done.returncode == 2
    assert "no space left" in done.stderr
    assert "mistake" not in done.stderr


def test_a_result_in_a_file_needs_no_screen(folder: Path) -> None:
    words = "gate now.json --baseline base.json"
    assert shell(folder, f"{words} >/dev/full").returncode == 2
    assert shell(folder, f"{words} -o g.json >/dev/full").returncode == 0
    assert shell(folder, "report base.json -q >/dev/full").returncode == 0


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii:strict"},
        {"PYTHONIOENCODING": "latin-1:strict"},
        {"PYTHONIOENCODING": "utf-16"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
        *({"COLUMNS": columns} for columns in ("0", "1", "14", "10000", "-3", "9" * 5000)),
    ],
    ids=lambda environment: str(environment)[:40],
)
def test_every_encoding_and_width_shows_something(
    folder: Path, environment: dict[str, str]
) -> None:
    for words in ("report base.json", "explain gam", "gate now.json --baseline base.json", "-h"):
        done = shell(folder, words, **environment)
        assert done.returncode == 0, done.stderr
        assert done.stdout


@pytest.mark.parametrize("columns", [0, 1, 14, 10_000])
def test_a_terminal_of_any_size_is_drawn_on(folder: Path, columns: int) -> None:
    master, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k != "COLUMNS"}
    with subprocess.Popen(
        [COMMAND, "gate", "now.json", "--baseline", "base.json"],
        cwd=folder,
        env={**environment, "TERM": "xterm"},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    ) as running:
        os.close(terminal)
        shown = b""
        while piece := _read(master):
            shown += piece
    os.close(master)
    assert running.returncode == 0
    assert b"holds" in shown


def _read(master: int) -> bytes:
    try:
        return os.read(master, 4096)
    except OSError:  # the other side is closed
        return b""


def test_a_terminal_that_goes_away_takes_no_result_with_it(folder: Path) -> None:
    (folder / "r.json").unlink(missing_ok=True)
    master, terminal = pty.openpty()
    with subprocess.Popen(
        [COMMAND, "audit", "./tiny.toml@fine", "-o", "r.json"],
        cwd=folder,
        env={**os.environ, "TERM": "xterm", "ATTNCHECK_HOME": str(folder / "home")},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=terminal,
    ) as running:
        os.close(terminal)
        os.read(master, 1)
        os.close(master)
    assert running.returncode == 0
    assert json.loads((folder / "r.json").read_bytes())["subjects"]


def test_a_renderer_that_raises_loses_neither_files_nor_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> str:
        raise RuntimeError("no such column")

    files = [ToWrite(tmp_path / "a.txt", broken), ToWrite(tmp_path / "b.txt", lambda: "b\ud800")]
    assert deliver(files[1:], broken, Exit.VIOLATES) is Exit.VIOLATES
    assert (tmp_path / "b.txt").read_text() == "b?"
    assert "the result is not shown: this is a mistake in attncheck" in capsys.readouterr().err
    assert deliver(files, lambda: "shown", Exit.VIOLATES) is Exit.FAILED
    assert capsys.readouterr().out == "shown"
    assert deliver([], broken) is Exit.FAILED
