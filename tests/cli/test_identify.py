"""``attncheck identify``, and ``audit`` of a class whose mechanism is not said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import FINE, attncheck

GATE = """
import torch
from torch import nn
class {name}(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a, self.b = nn.Linear(channels, channels // 4), nn.Linear(channels // 4, channels)
    def forward(self, x):
        s = self.b(torch.relu(self.a(x.mean((2, 3)))))
        return x * s.sigmoid()[:, :, None, None]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    for name in ("Gate", "SimAM"):
        (tmp_path / f"{name.lower()}.py").write_text(GATE.format(name=name), encoding="utf-8")
    return tmp_path


def test_it_says_what_is_computed_and_what_to_type(folder: Path) -> None:
    done = attncheck("identify", "gate.py:Gate", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "se: equal to its definition" in done.stdout
    assert "gather-excite" in done.stdout
    assert "attncheck audit se gate.py:Gate" in done.stdout


def test_json_holds_each_target_and_an_unknown_one_is_no_failure(folder: Path) -> None:
    done = attncheck(
        "identify",
        "gate.py:Gate",
        "fine.py:Fine",
        "--format",
        "json",
        "-o",
        "f.json",
        folder=folder,
    )
    assert done.returncode == 3, done.stderr
    said = json.loads(done.stdout)
    assert said["schema"] == "attncheck.identities/1"
    first, second = (one["identity"] for one in said["targets"])
    assert (first["mechanism"], first["known"]) == ("se", "proven")
    assert (second["mechanism"], second["known"]) == (None, "unknown")
    assert json.loads((folder / "f.json").read_text()) == said


def test_a_target_that_is_not_there_leaves_the_rest_whole(folder: Path) -> None:
    done = attncheck("identify", "gate.py:Gate", "gate.py:None_", folder=folder)
    assert done.returncode == 2
    assert "se: equal to its definition" in done.stdout
    assert "None_" in done.stderr


@pytest.mark.parametrize("word", ["se", "gate.py", "se=gate.py:Gate"])
def test_a_word_that_names_no_class_is_a_mistake(folder: Path, word: str) -> None:
    done = attncheck("identify", word, folder=folder)
    assert done.returncode == 2
    assert "names no class" in done.stderr
    assert "mistake in attncheck" not in done.stderr


def test_an_audit_finds_out_what_to_hold_it_against(folder: Path) -> None:
    done = attncheck("audit", "gate.py:Gate", folder=folder)
    assert done.returncode == 0, done.stderr
    assert "gate.py:Gate is held against se: equal to its definition" in done.stderr
    assert done.stdout.startswith("se ·")


def test_an_audit_asks_where_the_name_says_another_thing(folder: Path) -> None:
    done = attncheck("audit", "simam.py:SimAM", folder=folder)
    assert done.returncode == 2
    assert "its name says simam, and it computes se" in done.stderr
    assert "attncheck audit simam simam.py:SimAM" in done.stderr


def test_a_spec_that_is_none_suggests_what_the_class_computes(folder: Path) -> None:
    done = attncheck("audit", "see", "gate.py:Gate", folder=folder)
    assert done.returncode == 2
    assert "unknown spec 'see'" in done.stderr
    assert "did you mean" in done.stderr
    assert "attncheck audit se gate.py:Gate" in done.stderr
