"""Limits of use: those that take seconds are tried when asked for, and bind when wanted."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import TINY, attncheck

ASKS = """
from torch import nn
class Asks(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
    def forward(self, x):
        y = self.conv(x)
        if y.max() > 100:
            y = y / 2
        return y
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tiny.toml").write_text(TINY + '[claims.compile]\nkind = "torch-compile"\n')
    (tmp_path / "asks.py").write_text(ASKS)
    return tmp_path


def audited(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    asked = ("tiny.toml", "asks.py:Asks", "--format", "json", *words)
    done = attncheck("audit", *asked, folder=folder)
    (subject,) = json.loads(done.stdout)["subjects"]
    return done.returncode, next(f for f in subject["findings"] if f["claim"] == "compile")


def test_what_takes_seconds_is_not_tried_unasked_and_that_is_said(folder: Path) -> None:
    code, finding = audited(folder)
    assert (code, finding["status"]) == (0, "skipped")
    screen = attncheck("audit", "tiny.toml", "asks.py:Asks", folder=folder).stdout
    assert "not tried for: compile (it takes seconds: --limits all)" in screen


@pytest.mark.parametrize("words", [("--limits", "all"), ("--claim", "compile")])
def test_asked_for_it_is_tried_and_changes_no_verdict(folder: Path, words: tuple[str, str]) -> None:
    code, finding = audited(folder, *words)
    assert (code, finding["status"]) == (0, "violated")
    assert finding["location"]["line"] == 9


def test_a_use_that_needs_it_makes_it_binding(folder: Path) -> None:
    assert audited(folder, "--for", "train")[0] == 1


def test_a_project_says_what_its_modules_are_for(folder: Path) -> None:
    (folder / "pyproject.toml").write_text(
        '[tool.attncheck]\nfor = ["fast"]\n[tool.attncheck.uses]\nfast = ["compile"]\n'
    )
    assert audited(folder)[0] == 1


@pytest.mark.parametrize("option", ["--for", "--limits"])
def test_a_limit_that_is_none_is_refused(folder: Path, option: str) -> None:
    done = attncheck("audit", "tiny.toml", "asks.py:Asks", option, "compil", folder=folder)
    assert done.returncode == 2
    assert "did you mean 'compile'?" in done.stderr
