"""``attncheck profile``, run as a shell would."""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from attncheck.devices import cuda, open_device
from attncheck.devices.shared.protocol import Condition, disturbed
from attncheck.errors import DeviceError
from tests.cli.command import FINE, attncheck, spec_with

MODULES = (
    FINE
    + """
import os, time, torch

class Slow(Fine):
    def forward(self, x):
        time.sleep(0.01)
        return self.conv(x)

class Mixes(Fine):
    def forward(self, x):
        return self.conv(x) + x.mean(0, keepdim=True)

class Even(Fine):
    def forward(self, x):
        if x.shape[-1] % 2:
            raise ValueError("even sizes only")
        return self.conv(x)

class Exits(Fine):
    def forward(self, x):
        if x.shape[-1] == 21:
            os._exit(5)
        return self.conv(x)
"""
)
QUICK = ["--seconds", "0.02", "--processes", "1", "--quiet"]


def folder_of(tmp_path: Path) -> Path:
    (tmp_path / "fine.py").write_text(MODULES, encoding="utf-8")
    spec_with(tmp_path, {})
    return tmp_path


def profiled(folder: Path, *words: str, exits: tuple[int, ...] = (0, 3)) -> dict[str, Any]:
    done = attncheck("profile", *QUICK, *words, "--format", "json", folder=folder)
    assert done.returncode in exits, done.stderr + done.stdout
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_figures_of_one_module_are_exact(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    words = ["tiny.toml", "fine.py:Fine", "--sizes", "8,16", "--batch", "3", "--backward"]
    report = profiled(folder, *words)
    (subject,) = report["subjects"]
    assert subject["verdict"] == "conforms"
    profile = subject["profile"]
    for row, size in zip(profile["rows"], (8, 16), strict=True):
        pixels = 3 * size * size
        assert row["input"] == f"3x4x{size}x{size}"
        assert row["parameters"] == 4 * 4 + 4
        assert row["macs"] == pixels * 4 * 4
        assert row["peak_bytes"] == 4 * pixels * 4
        assert row["saved_bytes"] == 0  # a convolution needs its input and its weight again
        assert row["peak_backward_bytes"] >= 2 * 4 * pixels * 4
        for mode in ("forward", "backward"):
            (samples,) = row[mode]["processes"]
            assert 0 < row[mode]["p10"] <= row[mode]["median"]
            assert 0 < len(samples) <= 100
            assert row[mode]["beside"] == "fixed workload"
    scaling = profile["scaling"]
    assert scaling["macs"]["polynomial"] == "48·N"
    assert scaling["macs"]["points"] == [[8, 3072], [16, 12288]]
    assert scaling["memory"]["order"] == 1
    assert [size for size, _ in scaling["latency"]["points"]] == [8, 16]
    assert profile["threads"] == 1


def test_a_module_that_is_wrong_is_not_timed_unless_asked(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    words = ["tiny.toml", "fine.py:Mixes", "--sizes", "8"]
    (subject,) = profiled(folder, *words, exits=(1,))["subjects"]
    assert subject["profile"]["rows"] == []
    assert subject["profile"]["warning"] == "not timed: it violates batch-independence"
    (subject,) = profiled(folder, *words, "--anyway")["subjects"]
    assert subject["profile"]["rows"][0]["forward"]["p10"] > 0
    assert (subject["verdict"], subject.get("findings", [])) == ("counted", [])
    assert "no claim was tried" in subject["profile"]["warning"]


def test_a_module_that_ends_its_process_costs_one_row(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    report = profiled(folder, "tiny.toml", "fine.py:Exits", "--sizes", "8,21", exits=(3,))
    well, ill = report["subjects"][0]["profile"]["rows"]
    assert well["forward"]["p10"] > 0
    assert "ends the process (exit status 5)" in ill["why"]
    assert ill["forward"]["status"] == "undecided"


def test_the_slower_one_is_found_slower(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    words = ["tiny.toml", "fine.py:Slow", "--sizes", "8", "--against", "fine.py:Fine"]
    (subject,) = profiled(folder, *words, "--processes", "6")["subjects"]
    found = subject["profile"]["against"]
    assert found["answer"] == "slower"
    assert found["interval"][0] > 10
    (row,) = found["rows"]
    assert len(row["ratios"]) == 6
    assert row["confidence"] >= 0.95


def test_a_side_that_cannot_do_one_row_does_the_others(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    words = ["tiny.toml", "fine.py:Fine", "--sizes", "21,8", "--against", "fine.py:Even"]
    (subject,) = profiled(folder, *words, "--processes", "2", exits=(0, 3))["subjects"]
    ill, well = subject["profile"]["against"]["rows"]
    assert (ill["ratios"], ill["answer"]) == ([], "undecided")
    assert "even sizes only" in ill["why"]
    assert len(well["ratios"]) == 2


def test_a_side_that_ends_its_process_costs_its_row_alone(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    words = ["tiny.toml", "fine.py:Fine", "--sizes", "8,21", "--against", "fine.py:Exits"]
    (subject,) = profiled(folder, *words, "--processes", "2", exits=(0, 3))["subjects"]
    well, ill = subject["profile"]["against"]["rows"]
    assert well["ratios"]
    assert (ill["ratios"], ill["answer"]) == ([], "undecided")
    assert "has ended" in ill["why"] or "exit status 5" in ill["why"]
    assert subject["profile"]["rows"][0]["forward"]["beside"] == "fine.py:Exits"


def test_shapes_alone_cost_no_memory_and_no_time(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    words = ["tiny.toml", "fine.py:Fine", "--device", "meta", "--input", "64x4x4096x4096"]
    (subject,) = profiled(folder, *words, exits=(0,))["subjects"]
    (row,) = subject["profile"]["rows"]
    assert row["macs"] == 64 * 4096**2 * 16
    assert (row["peak_bytes"], row["peak_source"]) == (4 * 64 * 4096**2 * 4, "predicted")
    assert row["forward"] is None


def test_a_screen_says_units_and_adds_up(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    words = ["profile", "tiny.toml", "fine.py:Fine", "--sizes", "8,16", "--sort", "latency"]
    done = attncheck(*words, *QUICK, "-o", "page.txt", "-o", "report.json", folder=folder)
    assert done.returncode in (0, 3), done.stderr
    for told in ("one multiply-add = 1 MAC", "MACs = 16·N", "together", "1 thread each"):
        assert told in " ".join(done.stdout.split()), told
    assert (folder / "page.txt").read_text(encoding="utf-8") == done.stdout
    assert json.loads((folder / "report.json").read_text())["subjects"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_an_interrupted_sweep_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    words = ["profile", "tiny.toml=fine.py:Fine", "tiny.toml=fine.py:Slow", "--sizes", "8,10"]
    words += ["--seconds", "0.3", "--processes", "2", "-o", "sweep.json"]
    script = Path(sys.executable).parent / "attncheck"
    environment = {**os.environ, "ATTNCHECK_HOME": str(folder / "home")}
    running = subprocess.Popen(
        [str(script), *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )

    def first_is_done() -> bool:
        file = folder / "sweep.json"
        subjects = json.loads(file.read_bytes())["subjects"] if file.exists() else []
        return bool(subjects) and subjects[0]["profile"]["complete"]

    deadline = time.monotonic() + 60
    while not first_is_done() and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    told = running.communicate(timeout=60)[1]
    first = json.loads((folder / "sweep.json").read_text())
    assert running.returncode == 2, told
    assert first["partial"]
    assert first["subjects"][0]["profile"]["complete"]
    done = attncheck(*words, "--resume", "sweep.json", folder=folder)
    assert "1 of 2 subjects are already there" in done.stderr
    assert done.returncode in (0, 3), done.stderr
    second = json.loads((folder / "sweep.json").read_text())
    assert not second.get("partial")
    assert [s["subject"] for s in second["subjects"]] == ["Fine", "Slow"]
    assert second["subjects"][0] == first["subjects"][0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["se", "--device", "tpu"], "'tpu' is no device"),
        (["se", "--sizes", "8,x"], "'8,x' is no list of sizes"),
        (["se", "--sort", "beauty"], "cannot sort by 'beauty'"),
        (["nosuch"], "unknown spec 'nosuch'"),
        (["se", "pam", "--against", "cca"], "one module with one other"),
        (["se", "--against", "x.py@nosuch:A"], "git cannot give this revision"),
        (["se", "--resume", "nothing.json"], "cannot read the report"),
        (["se", "-o", "figure.png"], "no format writes '.png'"),
    ],
)
def test_what_cannot_be_done_is_told(tmp_path: Path, words: list[str], told: str) -> None:
    done = attncheck("profile", *words, folder=tmp_path)
    assert done.returncode == 2
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def has_gpu() -> bool:
    """Say whether CUDA can be used here."""
    try:
        cuda.check(0)
    except DeviceError:
        return False
    return True


@pytest.mark.skipif(has_gpu(), reason="this machine has a GPU")
def test_a_missing_gpu_says_what_is_missing_and_what_to_take(tmp_path: Path) -> None:
    done = attncheck("profile", "se", "--device", "cuda", folder=tmp_path)
    assert done.returncode == 2
    reasons = ("built for the CPU alone", "no NVIDIA driver answers", "there is no cuda:0")
    assert any(reason in done.stderr for reason in reasons)
    assert "--device meta" in done.stderr
    assert "--device cpu" in done.stderr


@pytest.mark.parametrize(
    ("built", "there", "told"),
    [
        (False, ["cuda:0"], "this torch is built for the CPU alone"),
        (True, None, "no NVIDIA driver answers on this machine"),
        (True, ["cuda:0"], "there is no cuda:3: this machine has cuda:0"),
    ],
)
def test_which_of_the_three_is_missing(
    monkeypatch: pytest.MonkeyPatch, built: bool, there: list[str] | None, told: str
) -> None:
    from contextlib import contextmanager

    @contextmanager
    def driver() -> Any:
        yield None if there is None else object()

    monkeypatch.setattr(cuda, "_driver", driver)
    monkeypatch.setattr(cuda, "_built_for_cuda", lambda: built)
    monkeypatch.setattr(cuda, "present", lambda: [(name, "") for name in there or []])
    with pytest.raises(DeviceError) as caught:
        cuda.check(3)
    assert caught.value.what == told


def test_torchs_build_is_read_without_importing_it() -> None:
    import torch

    assert cuda._built_for_cuda() == bool(torch.version.cuda)
    assert importlib.util.find_spec("pynvml") is not None


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (Condition(), Condition(), ""),
        (Condition(1500), Condition(1490), ""),
        (Condition(1500), Condition(1200), "the clock changed by -20%, to 1200 MHz"),
        (Condition(1500, 60, ["sw_power_cap"]), Condition(1500), "throttled: sw_power_cap"),
        (Condition(), Condition(others=1), "1 other process computed on the device"),
    ],
)
def test_a_disturbed_device_is_told(before: Condition, after: Condition, told: str) -> None:
    assert disturbed(before, after) == told


@pytest.mark.cuda
@pytest.mark.skipif(not has_gpu(), reason="needs an NVIDIA GPU, its driver and torch with CUDA")
def test_a_gpu_is_waited_for_and_its_peak_is_the_allocators() -> None:
    import torch

    device = open_device("cuda:0")
    one = torch.ones(2048, 2048, device="cuda:0")
    assert device.timed(lambda: [one @ one for _ in range(20)]) > device.timed(lambda: one @ one)
    peak = device.peak(lambda: one + one)
    assert peak.allocated == 4 * 2048**2
    assert device.kernels(lambda: one + one) == 1
    assert device.condition().clock_mhz


@pytest.mark.cuda
@pytest.mark.skipif(not has_gpu(), reason="needs an NVIDIA GPU, its driver and torch with CUDA")
def test_a_module_is_profiled_on_a_gpu(tmp_path: Path) -> None:
    folder = folder_of(tmp_path)
    words = ["tiny.toml", "fine.py:Fine", "--sizes", "16", "--device", "cuda", "--backward"]
    (subject,) = profiled(folder, *words)["subjects"]
    (row,) = subject["profile"]["rows"]
    assert row["forward"]["p10"] > 0
    assert row["peak_bytes"] > 0
    assert row["kernels"] > 0
