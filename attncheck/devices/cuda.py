"""NVIDIA GPUs, asked of the driver: no context is made and torch is not imported."""

from __future__ import annotations


def present() -> list[tuple[str, str]]:
    """Return ``cuda:0`` … with name and memory; nothing without a driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return []
    found: list[tuple[str, str]] = []
    try:
        for index in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(index)
            total = pynvml.nvmlDeviceGetMemoryInfo(handle).total / 2**30
            found.append((f"cuda:{index}", f"{pynvml.nvmlDeviceGetName(handle)}, {total:.0f} GiB"))
    except pynvml.NVMLError:
        return found
    finally:
        pynvml.nvmlShutdown()
    return found
