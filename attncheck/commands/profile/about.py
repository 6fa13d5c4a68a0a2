"""What every profile says of the device it was measured on."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from attncheck.commands.profile.questions import Capable
from attncheck.commands.profile.wanted import Plan
from attncheck.data.noise import noise_floor


def about(plan: Plan, peaks: Mapping[str, Any]) -> dict[str, Any]:
    """Return an empty profile that says on what it was measured, and what that can do at best.

    Args:
        plan: the subject.
        peaks: what the device can do, by precision, and ``about`` it.
    """
    known = peaks.get("about") or Capable(device=plan.measure.device, device_name="shapes alone")
    ceilings_ = {
        dtype: {"macs_per_s": found.macs, "bytes_per_s": found.bytes}
        for dtype, found in peaks.items()
        if dtype not in ("about", "refused")
    }
    device, name = known.device, known.device_name
    threads, torch = plan.measure.threads, version("torch")
    return {
        "device": device,
        "device_name": name,
        "threads": threads,
        "torch": torch,
        "driver": known.driver,
        "disturbed": "",
        "noise_floor": noise_floor(device, name, threads, torch),
        "rows": [],
        "scaling": {},
        "against": None,
        "warning": "",
        "peaks": ceilings_,
    }
