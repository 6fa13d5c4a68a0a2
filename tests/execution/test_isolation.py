"""The parent stays light and whole, and children see nothing of it."""

from __future__ import annotations

import pickle
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attncheck.auditing.request import Asked
from attncheck.auditing.select import select
from attncheck.data.report import Status
from attncheck.execution.elsewhere import run_json
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.execution.scheduling import run_all
from tests.cli.command import FINE, spec_with

SCRIPT = """
import pathlib, sys
with open("started", "a") as file:
    file.write("x")
from attncheck.auditing.request import Asked
from attncheck.execution.limits import Limits
from attncheck.execution.scheduling import run_all
from attncheck.auditing.select import select

tasks = [task for _, task in select("tiny.toml", "", Asked())]
results, interrupted = run_all(tasks, Limits())
assert not interrupted
for result in results:
    print(result.refused, [finding.status.value for finding in result.answers.values()])
assert "torch" not in sys.modules
print(open("started").read())
"""

NOSY = """
import os, sys, warnings
import multiprocessing
from fine import Fine
def work(): pass
class Nosy(Fine):
    def forward(self, x):
        assert sys.argv == ["nosy.py:Nosy"], sys.argv
        assert sys.stdin.read() == ""
        assert not sys.modules["__main__"].__dict__.get("tasks")
        process = multiprocessing.get_context("fork").Process(target=work)
        process.start()
        process.join()
        return self.conv(x)
"""


def test_a_script_is_not_run_again_and_torch_stays_in_the_children(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    (tmp_path / "nosy.py").write_text(NOSY, encoding="utf-8")
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf-8")
    spec_with(tmp_path, {"fine": "fine.py:Fine", "nosy": "nosy.py:Nosy"})
    done = subprocess.run(
        [sys.executable, "script.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stderr
    held = "None ['holds', 'holds', 'holds', 'holds']"
    assert done.stdout.splitlines() == [held, held, "x"]
    assert not list(tmp_path.rglob("nosy*.pyc")), "the user's folder was littered"


def test_any_executor_takes_a_job_as_json(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(tmp_path, {"pools": "fine.py:Pools"})
    tasks = [task for _, task in select("tiny.toml", "", Asked())]
    engine = Engine("threads", lambda address, workers: ThreadPoolExecutor(1))
    results, _ = run_all(tasks, Limits(), engine=engine)
    engine.close()
    assert results[0].answers["shape"].status is Status.VIOLATED
    assert pickle.loads(pickle.dumps(run_json)) is run_json
