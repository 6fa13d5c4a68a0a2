"""How noisy times are on this machine: what ``attncheck calibrate`` found, on file."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import msgspec

from attncheck.data.own_folder import own_folder

SCHEMA = "attncheck.noise/1"


class Noise(msgspec.Struct, kw_only=True, frozen=True):
    """Ratios of one workload to itself, and the budget below which they decide nothing.

    Attributes:
        device, device_name, threads, torch: what it holds for.
        windows: for each repetition, the ratios of its pairs of fresh processes.
        confidence: of each repetition's interval.
        floor: the largest slowdown that some interval could not tell from none; 0.013 is 1.3 %.
    """

    schema: str = SCHEMA
    device: str
    device_name: str
    threads: int
    torch: str
    windows: list[list[float]]
    confidence: float
    floor: float


def noise_path(device: str, threads: int) -> Path:
    """Return where the calibration of a device is kept: ``$ATTNCHECK_HOME``, or the cache."""
    name = re.sub(r"\W+", "-", device)
    return own_folder() / f"noise-{name}-{threads}.json"


def noise_floor(device: str, device_name: str, threads: int, torch: str) -> float | None:
    """Return the floor that was found under exactly these circumstances, None if none was."""
    with contextlib.suppress(OSError, msgspec.MsgspecError):
        found = msgspec.json.decode(noise_path(device, threads).read_bytes(), type=Noise)
        known = found.schema, found.device_name, found.threads, found.torch
        if known == (SCHEMA, device_name, threads, torch):
            return found.floor
    return None
