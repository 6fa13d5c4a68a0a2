"""What every profile says of the device it was measured on."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

from attncheck.commands.profile.questions import Capable
from attncheck.commands.profile.wanted import Plan
from attncheck.data.noise import noise_floor
from attncheck.data.profile import AtBest, Profile


def about(plan: Plan, capable: Mapping[str, Capable]) -> Profile:
    """Return an empty profile that says on what it was measured, and what that can do at best.

    Args:
        plan: the subject.
        capable: what the device can do, by precision.
    """
    nothing = Capable(device=plan.measure.device, device_name="shapes alone")
    known = next((one for one in capable.values() if one.device), nothing)
    threads, torch = plan.measure.threads, version("torch")
    return Profile(
        device=known.device,
        device_name=known.device_name,
        driver=known.driver,
        threads=threads,
        torch=torch,
        noise_floor=noise_floor(known.device, known.device_name, threads, torch),
        peaks={
            dtype: AtBest(macs_per_s=one.ceiling.macs, bytes_per_s=one.ceiling.bytes)
            for dtype, one in capable.items()
            if one.ceiling is not None
        },
    )
