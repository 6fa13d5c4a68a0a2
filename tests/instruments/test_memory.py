"""Peak memory on the processor, against what malloc itself saw."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from attncheck.instruments.memory import highest, peak_of, saved_bytes

HERE = Path(__file__).parent
CLOSE = {"forward": 32 * 1024, "backward": 128 * 1024}
"""Python's own objects, and scratch that oneDNN takes outside of torch's allocator."""
REFERENCES = ["se", "eca", "cbam", "gc", "pam", "cca", "gam", "simam", "cam", "danet"]


def test_the_peak_is_the_highest_running_sum() -> None:
    events = [(1, 100), (2, 50), (3, -100), (4, 70), (5, -50), (6, -70)]
    assert highest(events) == 150
    assert highest([(1, -10), (2, 5)]) == 0  # it freed what was there before
    assert highest([]) == 0


def test_a_call_is_charged_for_what_is_alive_at_once() -> None:
    x = torch.zeros(1024)
    assert peak_of(lambda: x.exp()) == 4096
    assert peak_of(lambda: x.exp().exp()) == 8192
    assert peak_of(lambda: x.exp().exp_()) == 4096
    assert peak_of(lambda: x.exp_()) == 0


def test_what_is_made_once_and_kept_is_not_charged_to_a_call() -> None:
    kept: list[torch.Tensor] = []

    def call() -> None:
        if not kept:
            kept.append(torch.zeros(4096))

    assert peak_of(call) == 0


def test_saved_is_what_the_backward_pass_needs_and_was_not_there() -> None:
    x = torch.ones(256, requires_grad=True)
    w = torch.ones(256, requires_grad=True)
    assert saved_bytes(lambda: x * w, [x, w]) == 0
    assert saved_bytes(lambda: (x * w).exp(), [x, w]) == 1024  # its output
    assert saved_bytes(lambda: (x * w).exp().sigmoid(), [x, w]) == 2048
    assert saved_bytes(lambda: (x * w) * (x * w), [x, w]) == 2048
    assert saved_bytes(lambda: x.relu().view(16, 16).exp(), [x, w]) == 2048


@pytest.fixture(scope="module")
def traced(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, int]]:
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("needs a C compiler and LD_PRELOAD")
    trace = tmp_path_factory.mktemp("trace") / "trace.so"
    source = str(HERE / "malloc_trace.c")
    built = subprocess.run([compiler, "-shared", "-fPIC", "-O2", source, "-o", str(trace)])
    if built.returncode:
        pytest.skip("the trace cannot be built: another C library")
    words = [f"{name}:24" for name in REFERENCES]
    done = subprocess.run(
        [sys.executable, "-m", "tests.instruments.peaks", *words],
        cwd=HERE.parents[1],
        env={**os.environ, "LD_PRELOAD": str(trace)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, dict[str, int]] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("name", REFERENCES)
@pytest.mark.parametrize("what", ["forward", "backward"])
def test_the_peak_is_what_malloc_saw(
    traced: dict[str, dict[str, int]], name: str, what: str
) -> None:
    ours, truth = traced[name][what], traced[name][f"{what} traced"]
    assert abs(ours - truth) <= CLOSE[what], f"{ours:,} against {truth:,}"
