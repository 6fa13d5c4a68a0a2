"""What docs/counting.md shows of one's own module runs."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from benchmarks.counting.__main__ import OWN
from tests.commands.count.test_hand_counted import count
from tests.readme import ROOT


def test_the_page_has_what_makes_it() -> None:
    assert OWN in (ROOT / "docs" / "counting.md").read_text(encoding="utf-8")


def test_its_commands_count_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (source,) = re.findall(r"```python\n(.*?)```", OWN, re.DOTALL)
    (tmp_path / "fuse.py").write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (block,) = re.findall(r"```sh\n(.*?)```", OWN, re.DOTALL)
    macs = [128 * 64 * 400 + 9 * 128 * 64 * 1600, 16 * 8 * 4 + 9 * 16 * 8 * 36]
    for line, by_hand in zip(block.splitlines(), macs, strict=True):
        _, _, target, *words = shlex.split(line)
        report = count(target, " ".join(words), folder="")
        assert [one.counts and one.counts.macs for one in report.subjects] == [by_hand], line
    (problem,) = count("fuse.py:Fuse(8,16)", "--input scale=2", folder="").problems
    assert f"{problem.where}: {problem.what}" in OWN
