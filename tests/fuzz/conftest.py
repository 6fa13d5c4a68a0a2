"""A folder full of odd files, and commands that stop where a module would run."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from attncheck.auditing import run as auditing
from attncheck.cli import app
from attncheck.commands import calibrate, count
from attncheck.commands.figures import run as figuring
from attncheck.commands.profile import sweep
from attncheck.commands.selftest import run as selftesting
from attncheck.data.report import encode
from attncheck.execution import scheduling
from tests.gate.reports import report, subject

WORK = (
    *((scheduling, "run_all"), (auditing, "run_known"), (selftesting, "run_all")),
    *((count, "counted"), (calibrate, "calibrate"), (figuring, "compared")),
    (sweep, "sweep"),
)
"""Where modules begin to run."""
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
    for name in ("good.json", "now.json"):
        Path(name).write_bytes(encode(report(subject())))
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
