"""Mistakes on the command line: told at once, before any work, with what to type instead."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import FINE, TINY, attncheck

MISTAKES = [
    (["audit", "gan"], "unknown spec 'gan'", "did you mean 'gam'?"),
    (["audit"], "name a spec, or say --all", ""),
    (["audit", "fine.py:Fine"], "what it must meet is missing", "attncheck audit map fine.py:Fine"),
    (["audit", "nothing.toml"], "no such spec file", ""),
    (["audit", "tiny.toml"], "lists no subjects", "attncheck audit tiny.toml path/to"),
    (["audit", "se@articel"], "lists no subject 'articel'", ""),
    (["audit", "tiny.toml", "fine.py"], "names no class", "write one of: fine.py:Fine"),
    (["audit", "tiny.toml", "fine.py:Fine", "--set", "D=3"], "has no dim 'D'", "allowed: B, C"),
    (["audit", "tiny.toml", "fine.py:Fine", "--set", "C=x"], "'x' is no size", "write C=64"),
    (["audit", "tiny.toml", "fine.py:Fine", "--set", "C=1"], "defined where C >= 2", ""),
    (["audit", "tiny.toml", "fine.py:Fine", "--init", "k"], "not of the form NAME=VALUE", ""),
    (["audit", "tiny.toml", "fine.py:Fine", "--input", "2,3"], "'2,3' is no input", "2x32x8x6"),
    (["audit", "tiny.toml", "fine.py:Fine", "--claim", "shap"], "matches no claim", "'shape'"),
    (["audit", "tiny.toml", "fine.py:Fine", "--skip", "*"], "no claim is left", ""),
    (["audit", "tiny.toml", "fine.py:Fine", "--dtype", "float8"], "no precision", "float"),
    (["audit", "tiny.toml", "fine.py:Fine", "--format", "jsn"], "unknown format", "'json'"),
    (["audit", "tiny.toml", "fine.py:Fine", "--memory-limit", "much"], "no amount", "4GiB"),
    (["audit", "tiny.toml", "fine.py:Fine", "--timeout", "0"], "must be positive", ""),
    (["audit", "tiny.toml", "fine.py:Fine", "-o", "a.doc"], "no format writes '.doc'", ""),
    (["audit", "tiny.toml", "fine.py:Fine", "-o", "no/a.json"], "no such file", "create the"),
    (["audit", "tiny.toml", "fine.py:Fine", "-o", "."], "", ""),
    (["audit", "typo.toml", "fine.py:Fine"], "typo.toml:12", "did you mean"),
    (["replay", "7c1f"], "no finding '7c1f'", ""),
    (["replay", "../x"], "is no finding", "7c1f"),
    (["replay", "none.json:7c1f"], "cannot read the report", ""),
    (["explain", "reech"], "reech", "did you mean 'reach'?"),
    (["list", "spec"], "cannot list 'spec'", "did you mean 'specs'?"),
    (["audit", "--nonsense"], "--nonsense", ""),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("usage")
    (folder / "fine.py").write_text(FINE, encoding="utf-8")
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    lines = TINY.replace("[domain]", "[domian]").splitlines()
    (folder / "typo.toml").write_text("\n".join(lines), encoding="utf-8")
    return folder


@pytest.mark.parametrize(("arguments", "what", "instead"), MISTAKES, ids=lambda v: str(v)[:40])
def test_a_mistake_is_told(folder: Path, arguments: list[str], what: str, instead: str) -> None:
    done = attncheck(*arguments, folder=folder)
    assert done.returncode == 2, done.stderr
    assert what in done.stderr
    assert instead in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_debug_shows_where_it_was_raised(folder: Path) -> None:
    done = attncheck("audit", "gan", "--debug", folder=folder)
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def test_a_user_s_random_py_does_not_stand_for_python_s_own(folder: Path) -> None:
    (folder / "random.py").write_text("raise RuntimeError\n", encoding="utf-8")
    (folder / "typing.py").write_text("raise RuntimeError\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "attncheck", "--version"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
