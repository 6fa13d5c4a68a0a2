"""A violation is stored, and can be seen again by its id until it is mended."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from attncheck.auditing.job import Job
from attncheck.auditing.replay import find, store
from attncheck.data.report import Finding, Status, decode
from attncheck.errors import UsageError
from tests.cli.command import FINE, attncheck, spec_with


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Audit a module that changes the shape, from a folder of its own."""
    folder = tmp_path_factory.mktemp("replay")
    (folder / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(folder, {})
    done = attncheck("audit", "tiny.toml", "fine.py:Pools", "-o", "a.json", "-q", folder=folder)
    assert done.returncode == 1, done.stderr
    return folder


@pytest.fixture(scope="module")
def finding(folder: Path) -> str:
    report = decode((folder / "a.json").read_bytes())
    return next(f.id for f in report.subjects[0].findings if f.claim == "shape")


def test_it_is_violated_still(folder: Path, finding: str) -> None:
    done = attncheck("replay", finding[:5], folder=folder)
    assert done.returncode == 1, done.stderr
    assert "still violated" in done.stdout
    assert finding in done.stdout


def test_it_is_violated_still_by_the_report_and_from_elsewhere(folder: Path, finding: str) -> None:
    done = attncheck("replay", f"a.json:{finding[:4]}", "--run", folder=folder)
    assert done.returncode == 1, done.stderr
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    done = attncheck("replay", finding, folder=elsewhere, ATTNCHECK_HOME=str(folder / "home"))
    assert done.returncode == 1, done.stderr


def test_it_is_violated_no_longer_once_mended(folder: Path, finding: str) -> None:
    file = folder / "fine.py"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace(".mean((2, 3), keepdim=True)", ""), encoding="utf-8")
    try:
        done = attncheck("replay", finding, folder=folder)
    finally:
        file.write_text(before, encoding="utf-8")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no longer violated" in done.stdout


def test_its_target_is_gone(folder: Path, finding: str) -> None:
    file = folder / "fine.py"
    file.rename(folder / "moved.py")
    try:
        done = attncheck("replay", finding, folder=folder)
    finally:
        (folder / "moved.py").rename(file)
    assert done.returncode == 2
    assert "the target is gone: no such file" in done.stderr


MARK = """
from pathlib import Path
from torch import nn
Path("imported").touch()
class Net(nn.Module):
    def __init__(self, channels):
        super().__init__()
        Path("built").touch()
    def forward(self, x):
        return x.mean()
def factory(channels):
    Path("called").touch()
    return Net(channels)
"""


def a_strangers(folder: Path, target: str, **arguments: Any) -> str:
    """Write a report that nobody here made, and return how its finding is replayed."""
    case = {"dims": {"B": 1, "C": 4, "H": 2, "W": 2}}
    job = {"spec": "map", "name": "x", "target": target, "arguments": arguments}
    finding = {
        "claim": "runs",
        "kind": "runs",
        "status": "violated",
        "id": "abcd1234",
        "witness": {"case": case},
        "reproduce": "touch reproduced",
        "message": "it fails",
    }
    # What a stranger says of himself is not asked.
    job |= {"modules_only": False, "folder": "/", "command": "touch reproduced"}
    subject = {"spec": "map", "subject": "x", "target": target, "verdict": "violates"}
    report = {"schema": "attncheck.report/1", "environment": {}}
    report["subjects"] = [{**subject, "findings": [finding], "job": job}]
    (folder / "stranger.json").write_text(json.dumps(report), encoding="utf-8")
    return "stranger.json:abcd"


def test_a_report_of_a_stranger_runs_nothing(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(MARK, encoding="utf-8")
    done = attncheck("replay", a_strangers(tmp_path, "net.py:Net"), folder=tmp_path)
    assert done.returncode == 2
    assert f"it would import the file {tmp_path / 'net.py'}" in done.stderr
    assert "attncheck audit map net.py:Net --claim runs" in done.stderr
    assert "attncheck replay --run stranger.json:abcd" in done.stderr
    assert "reproduced" not in done.stderr
    assert not {"imported", "built", "reproduced"} & {path.name for path in tmp_path.iterdir()}


def test_with_run_a_strangers_class_is_built(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(MARK, encoding="utf-8")
    done = attncheck("replay", "--run", a_strangers(tmp_path, "net.py:Net"), folder=tmp_path)
    assert done.returncode in (0, 1, 3), done.stderr
    assert (tmp_path / "built").exists()
    assert "reproduced" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("target", "arguments"),
    [
        ("subprocess:getoutput", {"cmd": "touch called"}),
        ("subprocess:Popen", {"args": ["touch", "called"]}),
        ("os:system", {"command": "touch called"}),
        ("builtins:exec", {"source": "open('called', 'w')"}),
        ("net.py:factory", {"channels": 4}),
        ("torch.nn:functional.torch.os.system", {"command": "touch called"}),
    ],
)
def test_with_run_a_stranger_gets_no_function_called(
    tmp_path: Path, target: str, arguments: dict[str, Any]
) -> None:
    (tmp_path / "net.py").write_text(MARK, encoding="utf-8")
    asked = a_strangers(tmp_path, target, **arguments)
    done = attncheck("replay", "--run", asked, folder=tmp_path)
    assert done.returncode == 2
    assert "no class of torch.nn.Module" in done.stderr
    assert not (tmp_path / "called").exists()


def test_what_a_stranger_asks_to_type_is_quoted_and_on_its_line(tmp_path: Path) -> None:
    asked = a_strangers(tmp_path, "a.py:X; touch y\n::error::\x1b[31m", c="$(touch z)")
    done = attncheck("replay", asked, folder=tmp_path)
    assert done.returncode == 2
    assert "'c=$(touch z)'" in done.stderr
    assert "'a.py:X; touch y ::error::\\u001b[31m'" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("bad", ["", "../../escaped", "abc", "ABCD", "abcd/ef", "g" * 8, "a" * 65])
def test_an_id_that_is_no_hash_is_no_files_name(
    bad: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNCHECK_HOME", str(tmp_path / "home"))
    finding = Finding("runs", "runs", Status.VIOLATED, id=bad)
    store(Job("map", "x", "net.py:Net"), finding)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("what", ["link", "fifo", "folder", "text", "bytes", "deep"])
def test_a_stored_finding_that_we_did_not_write_is_not_believed(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNCHECK_HOME", str(tmp_path))
    path = tmp_path / "findings" / "abcd1234.json"
    path.parent.mkdir()
    match what:
        case "link":
            path.symlink_to("/etc/passwd")
        case "fifo":
            os.mkfifo(path)
        case "folder":
            path.mkdir()
        case _:
            made = {"text": b"{}", "bytes": b'{"schema": "\xff"}', "deep": b"[" * 5000}
            path.write_bytes(made[what])
    with pytest.raises(UsageError, match="cannot be read") as told:
        find("abcd")
    assert told.value.instead == "delete the file and audit again"
