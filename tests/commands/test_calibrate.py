"""Calibration: the floor of what pairs can tell, kept for exactly these circumstances."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from attncheck.commands.calibrate import calibrate, floor_of
from attncheck.data.noise import Noise, noise_floor, noise_path
from attncheck.errors import AttncheckError
from tests.gate.reports import ratios

NOISE = Noise(
    device="cpu",
    device_name="AMD EPYC",
    threads=1,
    torch="2.13.0",
    windows=[ratios()],
    confidence=0.99,
    floor=0.004,
)


def test_the_noisiest_window_makes_the_floor() -> None:
    quiet, noisy = [1.0 + 0.001 * i for i in range(12)], [1.0 + 0.01 * i for i in range(12)]
    assert floor_of([quiet]) == pytest.approx(0.010, abs=1e-4)
    assert floor_of([quiet, noisy]) == pytest.approx(0.10, abs=1e-4)
    assert floor_of([[1 / ratio for ratio in noisy]]) == pytest.approx(0.10, abs=1e-4)
    with pytest.raises(ValueError, match="it takes 8"):
        floor_of([[1.0] * 7])


def test_it_is_kept_for_this_device_torch_and_number_of_threads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNCHECK_HOME", str(tmp_path))
    assert noise_floor("cpu", "AMD EPYC", 1, "2.13.0") is None
    noise_path("cpu", 1).write_bytes(msgspec.json.encode(NOISE))
    assert noise_floor("cpu", "AMD EPYC", 1, "2.13.0") == 0.004
    assert noise_floor("cpu", "AMD EPYC", 1, "2.14.0") is None
    assert noise_floor("cpu", "Apple M3", 1, "2.13.0") is None
    assert noise_floor("cpu", "AMD EPYC", 2, "2.13.0") is None
    noise_path("cpu", 1).write_bytes(b"{")
    assert noise_floor("cpu", "AMD EPYC", 1, "2.13.0") is None


def test_a_device_that_is_not_there_is_told() -> None:
    with pytest.raises(AttncheckError, match="abacus"):
        calibrate("abacus", 1, 8, 1)


def test_unchanged_code_is_measured_against_itself() -> None:
    told: list[tuple[int, int]] = []
    found = calibrate("cpu", 1, 8, 1, lambda *how_far: told.append(how_far))
    assert [len(window) for window in found.windows] == [8]
    assert all(ratio > 0 for ratio in found.windows[0])
    assert found.floor > 0
    assert told[-1] == (8, 8)
