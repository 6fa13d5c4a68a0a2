"""Any words on the command line end with a status and in words, never as a mistake of ours."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attncheck import accounting, calibrating
from attncheck.cli import app
from attncheck.evaluating import running as evaluating
from attncheck.execution import scheduling
from attncheck.figuring import running as figuring
from attncheck.profiling import sweeping
from attncheck.report import encode
from attncheck.selftesting import running as selftesting
from tests.fuzz.budget import FUZZED, bounded
from tests.fuzz.documents import BOMB
from tests.gate.making import report, subject

WORK = (
    *((scheduling, "run_all"), (evaluating, "run_all"), (selftesting, "run_all")),
    *((accounting, "account"), (calibrating, "calibrate"), (figuring, "compared")),
    (sweeping, "sweep"),
)
"""Where modules begin to run."""
COMMANDS = ("list", "explain", "env", "gate", "report", "baseline", "audit", "compare", "count")
MORE = ("replay", "profile", "figures", "selftest", "evaluate", "calibrate", "nosuch", "")
OPTIONS = (
    *("--init", "--set", "--input", "--claim", "--skip", "--device", "--dtype", "--seed"),
    *("--timeout", "--memory-limit", "--jobs", "--strict", "--format", "-o", "--quiet", "--all"),
    *("--baseline", "--policy", "--accepted", "--diff", "--sort", "--contract", "--sizes"),
    *("--batch", "--resume", "--against", "--only", "--sample", "--budget", "--status"),
    *("--pairs", "--threads", "--windows", "--processes", "--seconds", "--version", "-h", "--"),
)
VALUES = (
    *("", " ", "x", "gam", "map", "se@reference", "gam@nosuch", "specs", "claims", "reach", "@"),
    *("x=...", "channels={[]:1}", "x=" + "[" * 3000, "x=" + "9" * 400, "x=" + "9" * 5000, "=1"),
    *("x=1e999", r"x='\ud800'", "x=0x" + "f" * 5000, "x={1, 2}", f"x={BOMB}", "x=" + "-" * 9000),
    *("C=64", "C=0", "C=-1", "C=999999999999999999999", "C=" + "1" * 5000, "C=\u0661", "C=1.5"),
    *("2x32x8x6", "x".join(["1"] * 500), "9" * 400, "0x0", "2x8:pad-true", "m=2x8:nosuch", "1x"),
    *("nan", "inf", "-inf", "1e400", "-1", "0", "1", str(10**30), "9" * 5000, "1" * 400 + "GiB"),
    *("9e99GiB", "4GiB", "1MiB", "float16", "cuda:99", "cpu", "meta", "tpu", "text", "json"),
    *("~nobody/x.toml", "~nobody/x.json", "loop.toml", "loop.json", "/", ".", "..", "/dev/null"),
    *("/dev/zero", "pipe.toml", "pipe.json", "bytes.toml", "deep.toml", "deep.json", "list.json"),
    *("good.json", "nosuch/x.json", "out.json", "out.txt", "out.md", "out.html", "x.toml", "-"),
    *("a/" * 3000, "n" * 300 + ".json", "m.py:M", "os:system", ":", "m.py:", "\udcff", "a\0b"),
    *("[", "*", "[!", "?" * 200, "shape", "%s%n", "\x1b[31m", "::error::x", "…✗", "🙂" * 50),
)
FILES = {
    "bytes.toml": b'id = "\xff"',
    "deep.toml": b"a = " + b"[" * 5000,
    "deep.json": b"[" * 100_000,
    "list.json": b"[1, 2]",
    "x.toml": b'id = "x"\ntitle = "x"\ndims = 7\n',
    "pyproject.toml": b"[tool.attncheck.gate]\nslower = 0.1\n",
}


class _Reached(BaseException):
    """The work itself would begin here."""


def _reached(*_: Any, **__: Any) -> Any:
    raise _Reached


@pytest.fixture
def run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[list[str]], SimpleNamespace]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ATTNCHECK_HOME", str(tmp_path / "home"))
    for name, data in FILES.items():
        Path(name).write_bytes(data)
    Path("good.json").write_bytes(encode(report(subject())))
    for ending in ("toml", "json"):
        os.symlink(f"loop.{ending}", f"loop.{ending}")
        os.mkfifo(f"pipe.{ending}")
    for place, name in WORK:
        monkeypatch.setattr(place, name, _reached)

    def command(words: list[str]) -> SimpleNamespace:
        monkeypatch.setattr(sys, "argv", ["attncheck", *words])
        try:
            code = app.run()
        except _Reached:
            code = 0
        out, err = capsys.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return command


def texts() -> st.SearchStrategy[str]:
    return st.sampled_from(VALUES) | st.text(max_size=12) | st.sampled_from(OPTIONS)


@st.composite
def command_lines(draw: st.DrawFn) -> list[str]:
    """Draw a command with its arguments and options, in any order and number."""
    words = draw(st.lists(texts(), max_size=3))
    for option in draw(st.lists(st.sampled_from(OPTIONS), max_size=3)):
        words += [option, draw(texts())]
    return [draw(st.sampled_from((*COMMANDS, *COMMANDS, *MORE))), *words]


@FUZZED
@given(words=command_lines())
def test_any_words_end_in_words(
    run: Callable[[list[str]], SimpleNamespace], words: list[str]
) -> None:
    with bounded():
        done = run(words)
    assert done.code in (0, 1, 2, 3)
    assert "mistake in attncheck" not in done.err
    assert "Traceback" not in done.err
    assert done.code != 2 or done.err.strip()
