"""``attncheck scan`` on a folder as YOLO projects have it: every block named and judged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import attncheck

PROJECT = Path(__file__).parents[1] / "commands" / "scan" / "yolo_style"
FAULTY = {"SELayer": "se", "ECALayer": "eca", "CBAMBlock": "cbam", "MHSA": "mha"}
RIGHT = {
    "SE": "se",
    "ECA": "eca",
    "CBAM": "cbam",
    "SimAM": "simam",
    "CoordAtt": "ca",
    "NonLocalBlock": "nonlocal",
    "MultiHeadSelfAttention": "mha",
    "C3": "c3",
    "Bottleneck": "bottleneck",
    "ChannelAttention": "cbam-channel",
    "SpatialAttention": "cbam-spatial",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scan")
    shutil.copytree(PROJECT, folder / "project")
    (folder / "project" / "train.py").write_text("open('was-run', 'w').close()\n")
    (folder / "project" / "old.py").write_text("def broken(:\n")
    return folder


@pytest.fixture(scope="module")
def screen(folder: Path) -> str:
    files = [word for name in ("s.json", "s.html", "s.sarif", "s.md") for word in ("-o", name)]
    run = attncheck("scan", "project", *files, folder=folder, COLUMNS="160")
    assert run.returncode == 1, run.stderr
    assert run.stderr == ""
    return run.stdout


@pytest.fixture(scope="module")
def groups(folder: Path, screen: str) -> dict[str, dict[str, Any]]:
    """Return what the report holds of each class, with the verdict of its audit."""
    report = json.loads((folder / "s.json").read_text())
    found = {}
    for group in report["scan"]["groups"]:
        at = group.get("subject", -1)
        verdict = report["subjects"][at]["verdict"] if at >= 0 else ""
        found[group["name"]] = {**group, "verdict": verdict}
    return found


@pytest.mark.parametrize("name", FAULTY)
def test_a_faulty_block_violates(groups: dict[str, dict[str, Any]], name: str) -> None:
    group = groups[name]
    assert (group["mechanism"], group["verdict"]) == (FAULTY[name], "violates")
    assert group["known"] == "departs"


@pytest.mark.parametrize("name", RIGHT)
def test_a_right_block_passes(groups: dict[str, dict[str, Any]], name: str) -> None:
    group = groups[name]
    assert group["mechanism"] == RIGHT[name]
    assert group["verdict"] in ("conforms", "variant")
    assert group["known"] in ("proven", "variant")


def test_what_holds_no_attention_is_not_listed(groups: dict[str, dict[str, Any]]) -> None:
    assert not {"Conv", "SPPF", "BottleneckCBAM"} & set(groups)


def test_a_line_for_each_the_worst_first_and_what_is_unknown_last(
    groups: dict[str, dict[str, Any]], screen: str
) -> None:
    lines = screen.splitlines()
    words = [line.split()[0] for line in lines if line.startswith("  ")]
    assert words.index("violates") == 0
    assert words.index("conforms") < words.index("unknown")
    for name in groups:
        assert sum(name in line.split() for line in lines) == 1
    assert all(len(line) <= 160 for line in lines)
    assert "old.py is no Python" in screen


def test_a_file_without_a_candidate_is_not_run(folder: Path, screen: str) -> None:
    assert not list(folder.rglob("was-run"))


def test_the_findings_stand_on_the_files(folder: Path, screen: str) -> None:
    found = json.loads((folder / "s.sarif").read_text())["runs"][0]["results"]
    places = {
        one["physicalLocation"]["artifactLocation"]["uri"]
        for result in found
        for one in result.get("locations", [])
    }
    assert "project/models/attention/channel.py" in places


def test_the_report_is_one_that_other_commands_read(folder: Path, screen: str) -> None:
    again = attncheck("report", "s.json", folder=folder, COLUMNS="160")
    assert again.returncode == 0
    assert again.stdout == screen
    shutil.copy(folder / "s.json", folder / "base.json")
    held = attncheck("gate", "s.json", "--baseline", "base.json", folder=folder)
    assert held.returncode == 1, held.stderr  # what violates does not pass for being known
    assert "violated in the baseline too" in held.stdout


def test_one_file_of_a_package_is_scanned_through_its_imports(folder: Path) -> None:
    run = attncheck("scan", "project/models/attention/space.py", folder=folder)
    assert run.returncode == 1, run.stdout + run.stderr
    assert "CoordAtt" in run.stdout


BAD = {
    "unbuildable": ("class SELayer(nn.Module):\n    def __init__(self, flavour): flavour.x\n", 3),
    "raising": ("raise ValueError('not today')\nclass SELayer(nn.Module):\n", 3),
    "exiting": ("import os\nos._exit(3)\nclass SELayer(nn.Module):\n", 3),
}


@pytest.mark.parametrize("name", BAD)
def test_what_cannot_be_audited_is_one_line_and_the_rest_is_whole(
    tmp_path: Path, name: str
) -> None:
    text, status = BAD[name]
    forward = "    def forward(self, x): return x\n"
    (tmp_path / "bad.py").write_text(f"from torch import nn\n{text}{forward}")
    shutil.copy(PROJECT / "models" / "common.py", tmp_path / "good.py")
    run = attncheck("scan", ".", folder=tmp_path, COLUMNS="160")
    assert run.returncode == status, run.stdout + run.stderr
    lines = [line for line in run.stdout.splitlines() if "SELayer" in line]
    assert len(lines) == 1
    assert "not judged" in lines[0]
    assert "c3, proven" in run.stdout
    assert "Traceback" not in run.stdout + run.stderr


def test_a_place_that_is_not_there_says_what_to_type(tmp_path: Path) -> None:
    run = attncheck("scan", "nothing_here", folder=tmp_path)
    assert run.returncode == 2
    assert "no such file, folder or package" in run.stderr
