"""What docs/counting.md shows of one's own module runs."""

from __future__ import annotations

import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest

from attncheck.cli.app import assembled
from benchmarks.counting.__main__ import OWN
from tests.commands.count.test_hand_counted import count
from tests.readme import ROOT


def test_the_page_has_what_makes_it() -> None:
    assert OWN in (ROOT / "docs" / "counting.md").read_text(encoding="utf-8")


@pytest.fixture
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (source,) = re.findall(r"```python\n(.*?)```", OWN, re.DOTALL)
    (tmp_path / "fuse.py").write_text(source, encoding="utf-8")
    (tmp_path / "other.py").write_text(
        source.replace("channels, 1)", "channels, 3, padding=1)"), encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.usefixtures("own_folder")
def test_its_commands_count_its_module() -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", OWN, re.DOTALL)
    macs = [128 * 64 * 400 + 9 * 128 * 64 * 1600, 16 * 8 * 4 + 9 * 16 * 8 * 36]
    for line, by_hand in zip(block.splitlines(), macs, strict=True):
        _, _, target, *words = shlex.split(line)
        report = count(target, " ".join(words), folder="")
        assert [one.counts and one.counts.macs for one in report.subjects] == [by_hand], line
    (problem,) = count("fuse.py:Fuse(8,16)", "--input scale=2", folder="").problems
    assert f"{problem.where}: {problem.what}" in OWN


@pytest.mark.usefixtures("own_folder")
def test_the_profiles_page_shows_commands_that_are_understood() -> None:
    page = (ROOT / "docs" / "profile.md").read_text(encoding="utf-8")
    lines = re.findall(r"^attncheck (profile|compare) (.*fuse\.py.*)$", page, re.MULTILINE)
    assert [command for command, _ in lines] == ["profile", "compare"]
    for command, rest in lines:
        with contextlib.redirect_stdout(io.StringIO()) as shown:
            words = [command, *shlex.split(rest)]
            assert not assembled(words)(words, standalone_mode=False)
        assert "1x8x6x6" in shown.getvalue()
