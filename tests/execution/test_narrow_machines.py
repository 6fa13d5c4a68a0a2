"""Few descriptors are enough; what the machine does not allow is never a module's fault."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from attncheck.auditing.request import Asked
from attncheck.auditing.select import select
from attncheck.execution.limits import Limits
from attncheck.execution.scheduling import run_all
from tests.cli.command import FINE, spec_with


@pytest.mark.parametrize("most", [256, 64])
def test_few_descriptors_are_enough_for_many_at_once(tmp_path: Path, most: int) -> None:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    spec = spec_with(tmp_path, {f"s{number}": "fine.py:Fine" for number in range(12)})
    done = subprocess.run(
        [sys.executable, "-m", "attncheck", "audit", str(spec), "--jobs", "12", "--format=json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (most, most)),
    )
    assert done.returncode == 0, done.stderr
    assert {subject["verdict"] for subject in json.loads(done.stdout)["subjects"]} == {"conforms"}


def test_a_child_that_cannot_be_made_ready_blames_no_module(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(tmp_path, {"fine": "fine.py:Fine"})
    tasks = [task for _, task in select("tiny.toml", "", Asked())]
    unreadable = Limits(memory_bytes="much")  # type: ignore[arg-type]
    (result,), _ = run_all(tasks, unreadable)
    assert result.refused is not None
    assert result.refused.kind == "MachineError"
    assert "a child process could not be made ready: ValidationError" in result.refused.what
    assert "ulimit -n" in result.refused.instead
    assert not result.answers
