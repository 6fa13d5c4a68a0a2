"""Devices: one kind per file. Found by file name, or by entry point ``attncheck.devices``.

A device module holds ``present()``, which names the devices of its kind on this machine without
importing torch (listing them must stay cheap), ``check(index)``, which complains, as cheaply, of
what is missing, and ``opened(index)``, which returns one for measuring
(:class:`attncheck.devices.shared.protocol.Device`). Packages beside them hold what they share.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points
from types import ModuleType

from attncheck.devices.shared.protocol import Device
from attncheck.errors import DeviceError
from attncheck.lazy import torch
from attncheck.subject.raising import first_line

_GROUP = "attncheck.devices"


def kinds() -> list[str]:
    """Return the names of all kinds: ``cpu``, ``cuda``, …"""
    own = [info.name for info in pkgutil.iter_modules(__path__) if not info.ispkg]
    return [*own, *(point.name for point in entry_points(group=_GROUP))]


def present_devices() -> Iterator[tuple[str, str]]:
    """Yield name (``cpu``, ``cuda:0``) and description of every device of this machine."""
    for kind in kinds():
        yield from _module(kind).present()


def check_present(name: str) -> None:
    """Make sure that a device is there, without importing torch.

    Raises:
        DeviceError: it is not; says why, and what to take instead.
    """
    module, index = _named(name)
    module.check(index)


def open_device(name: str) -> Device:
    """Return a device for measuring.

    Raises:
        DeviceError: it is not there.
    """
    module, index = _named(name)
    module.check(index)
    found: Device = module.opened(index)
    return found


def _named(name: str) -> tuple[ModuleType, int]:
    kind, _, number = name.partition(":")
    if kind not in kinds() or not (number or "0").isdecimal() or name.endswith(":"):
        raise DeviceError(
            f"'{name}' is no device", where="--device", instead=f"write {', '.join(kinds())}"
        )
    return _module(kind), int(number or 0)


def _module(kind: str) -> ModuleType:
    for point in entry_points(group=_GROUP):
        if point.name == kind:
            found: ModuleType = point.load()
            return found
    return importlib.import_module(f"{__name__}.{kind}")


def check_device(name: str) -> None:
    """Make sure that tensors can be put on a device.

    Raises:
        DeviceError: the name is no device, or this machine or this torch has none such.
    """
    if name == "cpu":
        return
    try:
        device = torch.device(name)
    except (RuntimeError, ValueError):
        raise DeviceError(
            f"'{name}' is no device", where="--device", instead="write cpu, cuda, cuda:0 or mps"
        ) from None
    try:
        torch.zeros(1, device=device)
    except Exception as error:
        raise DeviceError(
            f"no tensor can be put on '{name}': {first_line(error) or type(error).__name__}",
            where="--device",
            instead=f"this machine has: {', '.join(name for name, _ in present_devices())}",
        ) from None
