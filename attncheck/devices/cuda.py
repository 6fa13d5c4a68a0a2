"""NVIDIA GPUs. The only file that knows ``pynvml``; present and missing ones cost no torch."""

from __future__ import annotations

import importlib.util
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from attncheck.devices.shared.protocol import Call, Condition, Peak
from attncheck.errors import DeviceError
from attncheck.lazy import torch

_BENIGN = ("gpu_idle", "applications_clocks_setting", "none", "all", "sync_boost")
"""Reasons for a lower clock that slow nobody down while work waits."""
_ENERGY_SECONDS = 1.0
"""The counter moves in steps of up to a tenth of a second."""


def present() -> list[tuple[str, str]]:
    """Return ``cuda:0`` … with name and memory; nothing without a driver."""
    found: list[tuple[str, str]] = []
    with _driver() as nvml:
        if nvml is None:
            return []
        for index in range(nvml.nvmlDeviceGetCount()):
            try:
                handle = nvml.nvmlDeviceGetHandleByIndex(index)
                total = nvml.nvmlDeviceGetMemoryInfo(handle).total / 2**30
                name = _text(nvml.nvmlDeviceGetName(handle))
            except nvml.NVMLError:
                break
            found.append((f"cuda:{index}", f"{name}, {total:.0f} GiB"))
    return found


def check(index: int) -> None:
    """Make sure that torch, the driver and the index are there.

    Raises:
        DeviceError: one is not; says which of the three.
    """
    there = [name for name, _ in present()]
    with _driver() as nvml:
        missing = [] if nvml is not None else ["no NVIDIA driver answers on this machine"]
    if not _built_for_cuda():
        missing.insert(0, "this torch is built for the CPU alone")
    if not missing and index >= len(there):
        missing = [f"there is no cuda:{index}: this machine has {', '.join(there) or 'no GPU'}"]
    if missing:
        raise DeviceError(
            ", and ".join(missing),
            where="--device",
            instead="--device meta predicts counts and peak memory from shapes;\n"
            "--device cpu measures on the processor",
        )


def opened(index: int) -> Cuda:
    """Return the GPU of torch's index.

    Raises:
        DeviceError: torch does not see it (``CUDA_VISIBLE_DEVICES`` may hide it).
    """
    if index >= torch.cuda.device_count():
        raise DeviceError(
            f"torch sees {torch.cuda.device_count()} GPUs, not cuda:{index}",
            where=f"CUDA_VISIBLE_DEVICES={os.environ.get('CUDA_VISIBLE_DEVICES', '')}",
        )
    return Cuda(index)


class Cuda:
    """One GPU: events on its own clock, its caches emptied between calls."""

    computes = True

    def __init__(self, index: int) -> None:
        self.name = f"cuda:{index}"
        torch.cuda.set_device(index)
        about: Any = torch.cuda.get_device_properties(index)
        self.description = about.name
        self._uuid = f"GPU-{about.uuid}" if hasattr(about, "uuid") else ""
        self._index = index
        with _driver() as nvml:
            self.driver = _text(nvml.nvmlSystemGetDriverVersion()) if nvml else ""
        size = 2 * getattr(about, "L2_cache_size", 2**26)
        self._cache = torch.empty(max(size, 2**20), dtype=torch.int8, device=self.name)

    def timed(self, call: Call) -> int:
        """Return the nanoseconds between two events around one call."""
        events: Any = torch.cuda.Event
        start, end = events(enable_timing=True), events(enable_timing=True)
        start.record()
        call()
        end.record()
        end.synchronize()
        return round(float(start.elapsed_time(end)) * 1e6)

    def chill(self) -> None:
        """Write over the second-level cache, so that each call starts from memory."""
        self._cache.zero_()

    def peak(self, call: Call) -> Peak:
        """Return the allocator's high-water marks of one call, reset before it."""
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()
        before, held = torch.cuda.memory_allocated(), torch.cuda.memory_reserved()
        call()
        torch.cuda.synchronize()
        allocated = torch.cuda.max_memory_allocated() - before
        return Peak(allocated, torch.cuda.max_memory_reserved() - held)

    def kernels(self, call: Call) -> int | None:
        """Return the kernels that the profiler sees on the device."""
        from torch.profiler import ProfilerActivity, profile

        with profile(activities=[ProfilerActivity.CPU, ProfilerActivity.CUDA]) as seen:
            call()
            torch.cuda.synchronize()
        names = [str(e.name) for e in seen.events() or [] if "CUDA" in str(e.device_type)]
        return sum(not name.startswith(("Memcpy", "Memset")) for name in names)

    def energy(self, call: Call) -> float | None:
        """Return the joules of one call, out of a second of them."""
        with _driver() as nvml:
            if nvml is None:
                return None
            try:
                handle = self._handle(nvml)
                before = nvml.nvmlDeviceGetTotalEnergyConsumption(handle)
                end, calls = time.perf_counter() + _ENERGY_SECONDS, 0
                while time.perf_counter() < end:
                    call()
                    torch.cuda.synchronize()
                    calls += 1
                used = nvml.nvmlDeviceGetTotalEnergyConsumption(handle) - before
            except nvml.NVMLError:
                return None
        return float(used) / 1000 / calls if used else None

    def condition(self) -> Condition:
        """Return clock, temperature, throttling and other processes, as the driver says."""
        with _driver() as nvml:
            if nvml is None:
                return Condition()
            try:
                handle = self._handle(nvml)
                others = [
                    p.pid
                    for p in nvml.nvmlDeviceGetComputeRunningProcesses(handle)
                    if p.pid != os.getpid()
                ]
                return Condition(
                    float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM)),
                    float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)),
                    _throttled(nvml, nvml.nvmlDeviceGetCurrentClocksThrottleReasons(handle)),
                    len(others),
                )
            except nvml.NVMLError:
                return Condition()

    def _handle(self, nvml: Any) -> Any:
        """Return the driver's handle of torch's device, whatever order either counts in."""
        if self._uuid:
            return nvml.nvmlDeviceGetHandleByUUID(self._uuid.encode())
        return nvml.nvmlDeviceGetHandleByIndex(self._index)


@contextmanager
def _driver() -> Iterator[Any]:
    """Yield pynvml, initialised; None without a driver."""
    import pynvml

    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        yield None
        return
    try:
        yield pynvml
    finally:
        pynvml.nvmlShutdown()


def _throttled(nvml: Any, reasons: int) -> list[str]:
    start = "nvmlClocksThrottleReason"
    found = {
        _words(name.removeprefix(start)): getattr(nvml, name)
        for name in dir(nvml)
        if name.startswith(start)
    }
    return sorted(n for n, bit in found.items() if bit & reasons == bit != 0 and n not in _BENIGN)


def _words(name: str) -> str:
    """Return ``sw_power_cap`` of ``SwPowerCap``."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _built_for_cuda() -> bool:
    """Say whether the installed torch was built for CUDA; its version file alone is read."""
    found = importlib.util.find_spec("torch")
    if found is None or not found.origin:
        return False
    path = Path(found.origin).with_name("version.py")
    spec = importlib.util.spec_from_file_location("torch_version", path)
    if spec is None or spec.loader is None or not path.is_file():
        return False
    version = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(version)
    return bool(getattr(version, "cuda", None))
