"""Colour where it is wanted, signs that the stream can write, and no complaint of a closed pipe."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from attncheck.cli.streams import colourful
from tests.cli.command import attncheck


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_ACTIONS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")


def test_a_terminal_has_colour_and_a_file_has_none() -> None:
    assert colourful(Terminal())
    assert not colourful(io.StringIO())


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_is_left_out_on_request(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    assert not colourful(Terminal())


def test_colour_is_forced_by_force_color_and_not_by_github_actions(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert not colourful(io.StringIO())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert colourful(io.StringIO())


def test_help_is_plain_under_github_actions(tmp_path: Path) -> None:
    done = attncheck("audit", "--help", folder=tmp_path, GITHUB_ACTIONS="true")
    assert done.returncode == 0
    assert "\x1b[" not in done.stdout
    assert "--memory-limit" in done.stdout


def test_a_stream_that_knows_ascii_only_gets_ascii(tmp_path: Path) -> None:
    done = attncheck("list", "specs", folder=tmp_path, PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert done.stdout.isascii()


def test_a_reader_that_leaves_early_is_no_error(tmp_path: Path) -> None:
    script = Path(sys.executable).parent / "attncheck"
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {script} explain reach | true"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.stderr == ""


def test_the_version_is_told(tmp_path: Path) -> None:
    assert attncheck("--version", folder=tmp_path).stdout.startswith("attncheck 0.")
