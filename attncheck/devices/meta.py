"""Shapes alone: what a call would cost, on no device at all."""

from __future__ import annotations

from attncheck.devices.shared.protocol import Call, Condition, Peak
from attncheck.errors import DeviceError


def present() -> list[tuple[str, str]]:
    """Return nothing: it is no device of a machine."""
    return []


def check(index: int) -> None:
    """There is one, everywhere.

    Raises:
        DeviceError: another one is asked for.
    """
    if index:
        raise DeviceError(f"there is no meta:{index}", where="--device", instead="write meta")


def opened(index: int) -> Meta:
    """Return the device that is none."""
    return Meta()


class Meta:
    """Computes nothing, so that nothing can be timed; its peak is predicted by ``counting``."""

    name = "meta"
    description = "shapes alone"
    driver = ""
    computes = False

    def timed(self, call: Call) -> int:
        """Complain: there is nothing to time."""
        raise DeviceError("nothing can be timed on meta", where="--device")

    def chill(self) -> None:
        """Do nothing."""

    def peak(self, call: Call) -> Peak:
        """Complain: shapes allocate nothing."""
        raise DeviceError("nothing is allocated on meta", where="--device")

    def kernels(self, call: Call) -> int | None:
        """Return None: nothing is launched."""
        return None

    def energy(self, call: Call) -> float | None:
        """Return None: nothing is used."""
        return None

    def condition(self) -> Condition:
        """Return nothing: it always fares alike."""
        return Condition()
