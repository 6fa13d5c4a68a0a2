"""Fresh processes that take turns: each is new, each answers, none outlives its use."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from attncheck.errors import AttncheckError
from attncheck.execution.fresh import Fresh, in_turns


def counting(start: int) -> Callable[[], tuple[int, int]]:
    """Return a turn that counts on, and says in which process."""
    state = [start]

    def turn() -> tuple[int, int]:
        state[0] += 1
        return os.getpid(), state[0]

    return turn


def failing() -> Callable[[], None]:
    """Fail while preparing."""
    raise ValueError("no such device")


def dying() -> Callable[[], None]:
    """Return a turn that ends the process."""
    return lambda: os._exit(3)


def sleeping() -> Callable[[], None]:
    """Return a turn that takes too long."""
    return lambda: time.sleep(60)


def test_processes_are_their_own_and_keep_their_state_between_turns() -> None:
    with Fresh(counting, 0) as one, Fresh(counting, 10) as other:
        first, second = in_turns([one, other], 3)
    assert [count for _, count in first] == [1, 2, 3]
    assert [count for _, count in second] == [11, 12, 13]
    pids = {pid for pid, _ in first}, {pid for pid, _ in second}
    assert all(len(one) == 1 for one in pids)
    assert len({os.getpid(), *pids[0], *pids[1]}) == 3


def test_what_goes_wrong_is_told() -> None:
    with pytest.raises(AttncheckError, match="ValueError: no such device"):
        Fresh(failing)
    with Fresh(dying) as process, pytest.raises(AttncheckError, match="ended with 3"):
        process.turn()
    with Fresh(sleeping, timeout=20) as process:
        process._timeout = 0.1
        with pytest.raises(AttncheckError, match="longer than"):
            process.turn()


def test_nothing_is_left_behind() -> None:
    with Fresh(sleeping) as process:
        pid = process._process.pid
        assert pid is not None
        process._wire.send(True)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
