"""Engines: where ``--executor NAME`` sends work. Found by file name, or by entry point.

An engine is a function ``opened(address, workers)`` that returns a
``concurrent.futures.Executor``: in a module here, or as an installed object in the entry-point
group ``attncheck.executors``. All else (what is sent, what is sent again, what is made of the
answers) is attncheck's.
"""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from importlib.metadata import entry_points

from attncheck.errors import AttncheckError, UsageError, did_you_mean

_GROUP = "attncheck.executors"

Opener = Callable[[str, int], Executor]
"""Takes an address, "" for none, and how many workers are wanted, 0 for one per core."""


class Engine:
    """An executor that is opened when it is first needed, and anew where it broke.

    Args:
        name: as ``--executor`` names it.
        opener: opens it.
        address: what stands behind the name and a colon.
        workers: how many are wanted, where the engine starts them; 0 for one per core.
    """

    def __init__(self, name: str, opener: Opener, address: str = "", workers: int = 0) -> None:
        self.name = name
        self._opener, self._asked = opener, (address, workers)
        self._executor: Executor | None = None

    def submit(self, work: Callable[[bytes], bytes], sent: bytes) -> Future[bytes]:
        """Send one piece of work.

        Raises:
            AttncheckError: the engine cannot be opened.
        """
        if self._executor is None:
            self._executor = self._opened()
        return self._executor.submit(work, sent)

    def _opened(self) -> Executor:
        try:
            return self._opener(*self._asked)
        except AttncheckError:
            raise
        except Exception as error:  # of a stranger
            why = f"{type(error).__name__}: {error}".rstrip(": ")
            raise AttncheckError(
                f"the engine '{self.name}' cannot be opened: {why}", where="--executor"
            ) from error

    def close(self, *, wait: bool = True) -> None:
        """Let it go; the next piece of work opens another.

        Args:
            wait: for what is still worked on; else that is given up.
        """
        gone, self._executor = self._executor, None
        if gone is None:
            return
        with contextlib.suppress(Exception):  # it may be broken
            gone.shutdown(wait=wait, cancel_futures=not wait)


def engine_names() -> list[str]:
    """Return the names of all engines, without importing any."""
    own = [info.name for info in pkgutil.iter_modules(__path__) if not info.ispkg]
    return sorted({*own, *(point.name for point in entry_points(group=_GROUP))})


@contextlib.contextmanager
def engine_of(text: str, workers: int = 0) -> Iterator[Engine | None]:
    """Yield the engine that ``NAME`` or ``NAME:ADDRESS`` means, None for "".

    Raises:
        UsageError: there is none of this name.
    """
    if not text:
        yield None
        return
    name, _, address = text.partition(":")
    engine = Engine(name, _opener(name), address, workers)
    try:
        yield engine
    finally:
        engine.close(wait=False)


def _opener(name: str) -> Opener:
    for point in entry_points(group=_GROUP):
        if point.name == name:
            found: Opener = point.load()
            if not callable(found):
                raise UsageError(
                    f"the plugin '{name}' is no engine",
                    where=point.value,
                    instead="it must be a function of an address and a number of workers",
                )
            return found
    if name not in engine_names():
        raise UsageError(
            f"no engine is called '{name}'",
            where="--executor",
            instead=did_you_mean(name, engine_names()),
        )
    own: Opener = importlib.import_module(f"{__name__}.{name}").opened
    return own
