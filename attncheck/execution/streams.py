"""A child's streams: its own go where the parent listens, the pipe to it out of harm's way."""

from __future__ import annotations

import contextlib
import faulthandler
import os
from multiprocessing import process
from multiprocessing.connection import Connection
from typing import Any

_HIGH = 800


def settle(wire: Connection, out: Connection) -> int:
    """Take over the standard streams and return the pipe to the parent, out of harm's way.

    Pipes move to high numbers, where a subject that closes "its" descriptors seldom looks.
    """
    import fcntl

    high = _high()
    speak = fcntl.fcntl(wire.fileno(), fcntl.F_DUPFD_CLOEXEC, high)
    fault = fcntl.fcntl(out.fileno(), fcntl.F_DUPFD_CLOEXEC, high)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.dup2(out.fileno(), 1)
    os.dup2(out.fileno(), 2)
    for descriptor in (null, wire.fileno(), out.fileno()):
        os.close(descriptor)
    for connection in (wire, out):
        connection._handle = None  # type: ignore[attr-defined]
    faulthandler.enable(file=fault)
    _leave_multiprocessing()
    return speak


def _high() -> int:
    """Return a high descriptor below what this process may open: ``ulimit -n`` may be 256."""
    import resource

    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _HIGH if most == resource.RLIM_INFINITY else min(_HIGH, most * 3 // 4)


def _leave_multiprocessing() -> None:
    """Let go of the fork server, so that what the subject leaves behind cannot keep it alive."""
    from multiprocessing import forkserver, resource_tracker, set_start_method

    server: Any = forkserver._forkserver
    tracker: Any = resource_tracker._resource_tracker
    for holder, name in ((server, "_forkserver_alive_fd"), (tracker, "_fd")):
        descriptor = getattr(holder, name, None)
        if isinstance(descriptor, int):
            with contextlib.suppress(OSError):
                os.close(descriptor)
            setattr(holder, name, None)
    server._forkserver_address = None
    set_start_method(None, force=True)
    # A subject may start processes of its own, which a daemon may not.
    process.current_process()._config["daemon"] = False  # type: ignore[attr-defined]
