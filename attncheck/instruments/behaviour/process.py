"""What a program shares with every module in it, as it stands at one moment."""

from __future__ import annotations

import contextlib
import inspect
import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from attncheck.lazy import torch


@dataclass(frozen=True)
class _Switch:
    """One of torch's switches; ``usual`` is what it is in a fresh process, None where it varies."""

    read: Callable[[], Any]
    write: Callable[[Any], object]
    usual: Any = None


def _set_default_device(device: torch.device) -> None:
    """Set the device; the usual one by its absence: even "cpu", once set, slows every call down."""
    torch.set_default_device(None if device.type == "cpu" else device)


def _switches() -> dict[str, _Switch]:
    return {
        "the default dtype": _Switch(
            torch.get_default_dtype, torch.set_default_dtype, torch.float32
        ),
        "the default device": _Switch(torch.get_default_device, _set_default_device),
        "grad mode": _Switch(torch.is_grad_enabled, torch.set_grad_enabled, True),
        "anomaly detection": _Switch(
            torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly, False
        ),
        "torch's number of threads": _Switch(torch.get_num_threads, torch.set_num_threads),
        "deterministic algorithms": _Switch(
            torch.are_deterministic_algorithms_enabled, torch.use_deterministic_algorithms, False
        ),
        "cudnn.benchmark": _of_cudnn("benchmark", False),
        "cudnn.deterministic": _of_cudnn("deterministic", False),
        "cudnn.enabled": _of_cudnn("enabled", True),
        "the precision of float32 products": _Switch(
            torch.get_float32_matmul_precision, torch.set_float32_matmul_precision, "highest"
        ),
    }


def _of_cudnn(name: str, usual: bool) -> _Switch:
    cudnn = torch.backends.cudnn
    return _Switch(lambda: getattr(cudnn, name), lambda value: setattr(cudnn, name, value), usual)


def switches() -> dict[str, Any]:
    """Return how torch's switches stand, by name."""
    return {name: switch.read() for name, switch in _switches().items()}


def put_back(settings: Mapping[str, Any]) -> None:
    """Set the switches that are named and stand otherwise; what is no switch is passed over.

    Some are dear to set: deterministic algorithms load torch's compiler, which costs seconds.
    """
    for name, switch in _switches().items():
        if name in settings and switch.read() != settings[name]:
            switch.write(settings[name])


@contextlib.contextmanager
def switches_kept() -> Iterator[None]:
    """Put torch's generator and its switches back afterwards, whatever happens within."""
    generator, before = torch.get_rng_state(), switches()
    try:
        yield
    finally:
        torch.set_rng_state(generator)
        put_back(before)


@dataclass(frozen=True)
class Surroundings:
    """A snapshot.

    Attributes:
        settings: name of a switch -> its value.
        functions: name of a function that everybody calls -> the object it is.
        threads: identifiers of living threads that nobody has announced as daemons of torch.
        children: process identifiers of living children that Python knows.
    """

    settings: dict[str, Any]
    functions: dict[str, Any]
    threads: frozenset[int]
    children: frozenset[int]

    def differences(self, later: Surroundings) -> Iterator[str]:
        """Yield what differs later, as a reader is told."""
        for name, value in self.settings.items():
            now = later.settings[name]
            if now != value:
                yield f"{name} from {_short(value)} to {_short(now)}"
        for name, function in self.functions.items():
            now = later.functions.get(name)
            if now is not function and not wrapped_by_torch(now, function):
                yield f"the function {name}"
        if started := len(later.threads - self.threads):
            yield f"the number of threads: {started} started and still running"
        if started := len(later.children - self.children):
            yield f"the number of processes: {started} started and still running"

    def restore(self) -> None:
        """Put back what can be put back."""
        put_back(self.settings)
        for name, function in self.functions.items():
            owner, attribute = _owner(name)
            if getattr(owner, attribute, None) is not function:
                setattr(owner, attribute, function)
        with contextlib.suppress(OSError):
            os.chdir(self.settings["the working directory"])


def usual_surroundings() -> Surroundings:
    """Set torch's switches to what they are in a fresh process, and take a snapshot.

    The subject has run before, when it was bound: a switch that it sets is set by now, and
    would not be seen to change.
    """
    put_back({name: s.usual for name, s in _switches().items() if s.usual is not None})
    return surroundings()


def patched_in(module: str) -> list[str]:
    """Return the functions of torch that stand for one of this Python module, as imported."""
    return [
        f"the function {name}"
        for name, function in _functions()
        if getattr(function, "__module__", None) == module
    ]


def mark_patched(package: str, before: Surroundings) -> Surroundings:
    """Wrap the functions of torch that stand for one of this package, and return what is there.

    Importing a package may have replaced them, which is not the module's doing; a constructor that
    has replaced them, when the subject was bound, does so again over the wrapper.
    """
    for name, function in before.functions.items():
        home = getattr(function, "__module__", None) or "torch"
        if home.split(".")[0] == package != "torch" and not isinstance(function, type):
            owner, attribute = _owner(name)
            setattr(owner, attribute, _wrapped(function))
    return replace(before, functions=dict(_functions()))


def wrapped_by_torch(now: Any, before: Any) -> bool:
    """Say whether a function is an earlier one that torch itself has kept its compiler off.

    Whoever first needs the compiler, be it a decorator in a library, makes torch wrap its own
    ``manual_seed``: no doing of a module's.
    """
    if not (inspect.isfunction(now) and inspect.isfunction(before)):
        return False
    from torch._compile import _disable_dynamo

    code = _disable_dynamo(_nothing).__code__
    cells = dict(zip(now.__code__.co_freevars, now.__closure__ or (), strict=False))
    return now.__code__ is code and cells["fn"].cell_contents is before


def _nothing() -> None: ...


def _wrapped(function: Any) -> Any:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return wrapper


def surroundings() -> Surroundings:
    """Take a snapshot."""
    settings = {
        **switches(),
        "the environment": dict(os.environ),
        "the working directory": os.getcwd(),
        "print options": repr(torch._tensor_str.PRINT_OPTS),
    }
    return Surroundings(
        settings,
        dict(_functions()),
        frozenset(t.ident for t in threading.enumerate() if t.ident is not None),
        frozenset(p.pid for p in multiprocessing.active_children() if p.pid is not None),
    )


def _functions() -> Iterator[tuple[str, Any]]:
    for prefix, owner in _owners().items():
        for name, value in vars(owner).items():
            if callable(value) and (not name.startswith("_") or name == "__call__"):
                yield f"{prefix}.{name}", value


def _owners() -> dict[str, Any]:
    return {
        # Our lazy name has a namespace of its own: look into the real module.
        "torch": sys.modules[torch.Tensor.__module__],
        "torch.nn.functional": torch.nn.functional,
        "torch.Tensor": torch.Tensor,
        "torch.nn.Module": torch.nn.Module,
    }


def _owner(name: str) -> tuple[Any, str]:
    prefix, _, attribute = name.rpartition(".")
    return _owners()[prefix], attribute


def _short(value: Any) -> str:
    text = str(value)
    return (
        text if len(text) <= 60 else "what it was" if isinstance(value, dict) else text[:57] + "…"
    )
