"""A Dask cluster of two workers, one killed in the middle: the report of one machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import FINE, attncheck, spec_with

distributed = pytest.importorskip("distributed", reason="Dask is not installed: attncheck[dask]")

SLOW = """
import time
from fine import Fine, Pools
class Slow(Fine):
    def __init__(self, channels):
        super().__init__(channels)
        time.sleep(0.2)
"""


def test_a_killed_worker_costs_time_and_no_result(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    (tmp_path / "slow.py").write_text(SLOW, encoding="utf-8")
    names = {f"slow{number}": "slow.py:Slow" for number in range(6)}
    spec_with(tmp_path, {**names, "pools": "slow.py:Pools"})
    script = Path(sys.executable).parent / "attncheck"
    with (
        distributed.LocalCluster(2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        workers = client.run(os.getpid)
        assert len(workers) == 2
        sent = subprocess.Popen(
            [
                *(script, "audit", "tiny.toml", "-q", "-o", "sent.json"),
                *("--executor", f"dask:{cluster.scheduler_address}"),
            ],
            cwd=tmp_path,
            env={**os.environ, "ATTNCHECK_HOME": str(tmp_path / "home")},
            stderr=subprocess.PIPE,
            text=True,
        )
        busy: list[str] = []
        while not busy:
            time.sleep(0.05)
            assert sent.poll() is None, "it ended before a worker could be killed"
            busy = [where for where, keys in client.processing().items() if keys]
        os.kill(workers[busy[0]], signal.SIGKILL)
        _, said = sent.communicate(timeout=300)
        assert (sent.returncode, said) == (1, "")
        survivors = client.run(os.getpid)
    assert workers[busy[0]] not in survivors.values(), "the worker was never killed"
    assert attncheck("audit", "tiny.toml", "-q", "-o", "alone.json", folder=tmp_path)
    assert (tmp_path / "sent.json").read_bytes() == (tmp_path / "alone.json").read_bytes()


def test_dask_alone_is_a_cluster_on_this_machine(tmp_path: Path) -> None:
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(tmp_path, {"fine": "fine.py:Fine"})
    done = attncheck("audit", "tiny.toml", "--executor", "dask", "--jobs", "1", folder=tmp_path)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert "4 claims hold" in done.stdout


def test_where_no_scheduler_answers_is_told(tmp_path: Path) -> None:
    address = "dask:tcp://127.0.0.1:9"
    done = attncheck("audit", "se", "--executor", address, folder=tmp_path)
    assert done.returncode == 2
    assert "no Dask scheduler with workers answers" in done.stderr
    assert "Traceback" not in done.stderr
