"""A module may do what it likes to its process: it gets a finding, and the others theirs."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import FINE, attncheck, spec_with

HOSTILE = """
import ctypes, os, subprocess, sys, threading, time
import torch
from torch import nn
class Base(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
    def forward(self, x):
        return self.act(self.conv(x))
class Hangs(Base):
    def act(self, x):
        while True:
            pass
class HangsAtOneSize(Base):
    def act(self, x):
        if x.shape[2] == 13:
            time.sleep(100)
        return x
class Prints(Base):
    def act(self, x):
        while True:
            print("y" * 1000)
class Leaves(Base):
    def act(self, x):
        os._exit(3)
class RaisesExit(Base):
    def act(self, x):
        sys.exit(0)
class ExitsWhenBuilt(Base):
    def __init__(self, channels):
        sys.exit("no")
class Crashes(Base):
    def act(self, x):
        ctypes.string_at(0)
class Eats(Base):
    def act(self, x):
        kept = []
        while True:
            kept.append(bytearray(10**9))
class Closes(Base):
    def act(self, x):
        os.closerange(0, 4096)
        return x
class ClosesStandardStreams(Base):
    def act(self, x):
        os.closerange(0, 3)
        return x
class Patches(Base):
    def act(self, x):
        torch.manual_seed = lambda seed: 1 / 0
        torch.Tensor.clone = lambda self: 1 / 0
        return x
class SetsDefaultDtype(Base):
    def act(self, x):
        torch.set_default_dtype(torch.float64)
        return x
class StartsThreads(Base):
    def act(self, x):
        threading.Thread(target=time.sleep, args=(1000,)).start()
        return x
class StartsProcesses(Base):
    def act(self, x):
        subprocess.Popen(["sleep", "98765"])
        subprocess.Popen(["sleep", "98765"], start_new_session=True)
        if os.fork() == 0 and os.fork() == 0:
            os.setsid()
        return x
class RaisesInTrain(Base):
    def act(self, x):
        return x
    def train(self, mode=True):
        raise RuntimeError("no modes here")
class Flaky(Base):
    calls = 0
    def act(self, x):
        Flaky.calls += 1
        if Flaky.calls == 2:
            raise RuntimeError("this time not")
        return x
class Interrupts(Base):
    def act(self, x):
        raise KeyboardInterrupt
"""

NAMES = [line[6:].partition("(")[0] for line in HOSTILE.splitlines() if line.startswith("class ")]

Subjects = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Subjects:
    """Audit all of them, and a correct one, with one command."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "hostile.py").write_text(HOSTILE, encoding="utf-8")
    (folder / "fine.py").write_text(FINE, encoding="utf-8")
    names = [name for name in NAMES if name != "Base"]
    targets = {name: f"hostile.py:{name}" for name in names} | {"Fine": "fine.py:Fine"}
    spec = spec_with(folder, targets)
    limits = ("--timeout", "8", "--memory-limit", "1GiB", "--jobs", "4")
    done = attncheck("audit", str(spec), "--format", "json", *limits, folder=folder)
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert [subject["subject"] for subject in report["subjects"]] == list(targets)
    return {subject["subject"]: subject for subject in report["subjects"]}


def findings(audited: Subjects, name: str) -> dict[str, dict[str, Any]]:
    return {finding["claim"]: finding for finding in audited[name]["findings"]}


def line_of(text: str) -> int:
    return HOSTILE.splitlines().index(text) + 1


@pytest.mark.parametrize(
    ("name", "claim", "words"),
    [
        ("Hangs", "runs", "hangs: no answer in 8 s"),
        ("HangsAtOneSize", "runs", "hangs: no answer in 8 s"),
        ("Prints", "runs", "hangs: no answer in 8 s"),
        ("Leaves", "runs", "ends the process (exit status 3)"),
        ("RaisesExit", "runs", "raises SystemExit"),
        ("ExitsWhenBuilt", "constructs", "raises SystemExit: no"),
        ("Crashes", "runs", "a segmentation fault"),
        ("Eats", "runs", "the memory limit is 1 GiB"),
        ("Closes", "runs", "closes file descriptors"),
        ("RaisesInTrain", "constructs", "the module raises RuntimeError: no modes here"),
        ("Interrupts", "runs", "ends the process"),
    ],
)
def test_what_it_did_is_the_finding(audited: Subjects, name: str, claim: str, words: str) -> None:
    assert audited[name]["verdict"] == "violates"
    finding = findings(audited, name)[claim]
    assert finding["status"] == "violated"
    assert words in finding["message"]
    assert finding["id"]
    assert finding["reproduce"].endswith(f"--claim {claim}")


def test_functions_of_torch_that_it_replaced_are_named(audited: Subjects) -> None:
    found = [f for f in audited["Patches"]["findings"] if f["status"] == "violated"]
    assert "replaces functions of torch: torch.Tensor.clone" in found[0]["message"]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Hangs", "            pass"),
        ("HangsAtOneSize", "            time.sleep(100)"),
        ("Crashes", "        ctypes.string_at(0)"),
    ],
)
def test_a_hang_or_crash_is_put_on_its_line(audited: Subjects, name: str, line: str) -> None:
    found = findings(audited, name)["runs"]["location"]["line"]
    assert abs(found - line_of(line)) <= 1


@pytest.mark.parametrize("name", ["Hangs", "Crashes", "Leaves"])
def test_what_cannot_be_tried_any_more_is_skipped_with_the_reason(
    audited: Subjects, name: str
) -> None:
    shape = findings(audited, name)["shape"]
    assert shape["status"] == "skipped"
    assert shape["message"].startswith("the module ")


def test_what_was_found_before_a_hang_is_kept(audited: Subjects) -> None:
    found = findings(audited, "HangsAtOneSize")
    assert found["constructs"]["status"] == "holds"
    assert found["runs"]["witness"]["case"]["dims"]["H"] == 13


@pytest.mark.parametrize(
    "name",
    [
        "Fine",
        "Flaky",
        "ClosesStandardStreams",
        "SetsDefaultDtype",
        "StartsThreads",
        "StartsProcesses",
    ],
)
def test_what_breaks_none_of_these_claims_gets_all_of_its_findings(
    audited: Subjects, name: str
) -> None:
    assert {f["status"] for f in audited[name]["findings"]} == {"holds"}
    assert len(audited[name]["findings"]) == 4


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="reads the process table")
def test_nothing_that_a_module_started_is_left(audited: Subjects) -> None:
    for _ in range(50):
        left = [text for text in _command_lines() if "98765" in text]
        if not left:
            return
        time.sleep(0.1)
    raise AssertionError(f"still running: {left}")


def _command_lines() -> list[str]:
    found = []
    for process in os.listdir("/proc"):
        if process.isdigit():
            try:
                found.append(Path("/proc", process, "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
    return found
