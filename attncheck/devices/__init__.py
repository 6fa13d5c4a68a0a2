"""Devices: one kind per file. Found by file name, or by entry point ``attncheck.devices``.

A device module holds ``present()``, which names the devices of its kind on this machine without
importing torch: listing them must stay cheap.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from importlib.metadata import entry_points

_GROUP = "attncheck.devices"


def present_devices() -> Iterator[tuple[str, str]]:
    """Yield name (``cpu``, ``cuda:0``) and description of every device of this machine."""
    for info in pkgutil.iter_modules(__path__):
        yield from importlib.import_module(f"{__name__}.{info.name}").present()
    for point in entry_points(group=_GROUP):
        yield from point.load()()
