"""Processes of their own that measure in turns.

A fresh process shares no warmed cache, no allocator and no luck of memory layout with the last
one, so what one measurement leaves behind never reaches the next. Two of them that take turns
every few milliseconds meet the same neighbours, clocks and temperatures: their ratio is what
remains. Measured one after the other, each could meet another half of the noise.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from attncheck.errors import AttncheckError
from attncheck.execution.killing import end_tree
from attncheck.execution.starting import fresh_context, nobody_else_in_charge, warm_up

Prepare = Callable[..., Callable[[], Any]]
"""Builds what is measured, and returns one turn's measurement as a function."""

_LONGEST = 120.0


class Fresh:
    """A new process with torch loaded that answers one turn at a time.

    Args:
        prepare: called once in the process; a function that can be imported by its name.
        arguments: what can be pickled, like the results.
        timeout: seconds for the preparation and for each turn.

    Raises:
        AttncheckError: the preparation took longer, raised, or its process died.
    """

    def __init__(self, prepare: Prepare, *arguments: Any, timeout: float = _LONGEST) -> None:
        warm_up()
        context = fresh_context()
        self._timeout = timeout
        self._wire, theirs = context.Pipe()
        self._process = context.Process(
            target=_child, args=(prepare, arguments, theirs), daemon=True
        )
        with nobody_else_in_charge():
            self._process.start()
        theirs.close()
        try:
            self._answer()
        except BaseException:
            self.close()
            raise

    def turn(self) -> Any:
        """Return what one more turn measures.

        Raises:
            AttncheckError: it took longer, raised, or the process died.
        """
        with contextlib.suppress(BrokenPipeError):
            self._wire.send(True)
        return self._answer()

    def close(self) -> None:
        """End the process."""
        with contextlib.suppress(OSError):
            self._wire.close()  # which the process takes for the end
        self._process.join(1.0)
        if self._process.is_alive():
            end_tree(self._process.pid or 0)
            self._process.join(1.0)

    def __enter__(self) -> Fresh:
        return self

    def __exit__(self, *why: object) -> None:
        self.close()

    def _answer(self) -> Any:
        if not self._wire.poll(self._timeout):
            raise AttncheckError(f"a measurement took longer than {self._timeout:.0f} s")
        try:
            done, result = self._wire.recv()
        except (EOFError, OSError):
            self._process.join(1.0)
            code = self._process.exitcode
            raise AttncheckError(f"a measurement's process ended with {code}") from None
        if not done:
            raise AttncheckError(f"a measurement failed: {result}")
        return result


def in_turns(processes: list[Fresh], turns: int) -> list[list[Any]]:
    """Return what each process measures in ``turns`` turns; who begins changes every time."""
    found: list[list[Any]] = [[] for _ in processes]
    order = list(range(len(processes)))
    for _ in range(turns):
        for index in order:
            found[index].append(processes[index].turn())
        order = [*order[1:], order[0]]
    return found


def _child(prepare: Prepare, arguments: tuple[Any, ...], wire: Connection) -> None:
    try:
        turn = prepare(*arguments)
        wire.send((True, None))
        while wire.recv():
            wire.send((True, turn()))
    except (EOFError, OSError):
        return
    except Exception as error:
        with contextlib.suppress(OSError):
            wire.send((False, f"{type(error).__name__}: {error}"))
