"""Whether the device that was asked for is there."""

from __future__ import annotations

from attncheck.devices import present_devices
from attncheck.errors import DeviceError
from attncheck.lazy import torch
from attncheck.target.raising import first_line


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
