"""Each spelling of a spec and a target means the same to every command that takes them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import FINE, TINY, attncheck

SPELLINGS = (["tiny.toml", "fine.py:Fine"], ["tiny.toml=fine.py:Fine"])


@pytest.mark.parametrize(
    "command",
    [["audit"], ["count"], ["profile", "--device", "meta", "--sizes", "8"]],
    ids=lambda words: words[0],
)
def test_a_pair_and_a_sequence_are_one_and_the_same(tmp_path: Path, command: list[str]) -> None:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    (tmp_path / "tiny.toml").write_text(TINY, encoding="utf-8")
    found = []
    for words in SPELLINGS:
        done = attncheck(command[0], *words, *command[1:], "--format", "json", folder=tmp_path)
        assert done.returncode == 0, done.stderr
        found.append(json.loads(done.stdout)["subjects"])
    assert found[0] == found[1]
    assert [(one["spec"], one["target"]) for one in found[0]] == [("tiny", "fine.py:Fine")]


def test_an_audit_takes_several_targets_of_one_spec(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    (tmp_path / "tiny.toml").write_text(TINY, encoding="utf-8")
    words = ("tiny.toml", "fine.py:Fine", "fine.py:Pools")
    done = attncheck("audit", *words, "--format", "json", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    told = [(one["subject"], one["verdict"]) for one in json.loads(done.stdout)["subjects"]]
    assert told == [("Fine", "conforms"), ("Pools", "violates")]
