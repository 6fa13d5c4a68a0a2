"""Any kind of work has its questions and answers carried: typed, checked, and past its deaths."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import msgspec
import pytest

from attncheck.errors import UsageError
from attncheck.execution.engines import Engine
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered, Counted, Message, Opened
from attncheck.execution.scheduling import run_all
from attncheck.execution.task import Task
from attncheck.execution.testimony import UnsoundError, heard


class Numbers(msgspec.Struct, frozen=True):
    """Numbers to be squared."""

    steps: list[str]
    target: str = "numbers"
    folder: str = ""


class Square(msgspec.Struct, frozen=True):
    """A square, or why there is none."""

    value: int = 0
    why: str = ""


class Squaring(Task[Numbers, Square, int, int]):
    """Square numbers."""

    runs = "tests.execution.test_task:squares"
    asks = Numbers
    answers = Square
    opens = int
    counts = int

    def sound(self, message: Message, limits: Limits) -> Message:
        """Refuse what no square is."""
        if isinstance(message, Answered) and message.answer.value < 0:
            raise UnsoundError("a negative square")
        return message

    def lost(self, step: str, why: str, *, dead: bool) -> Square | None:
        """Return why, for the step that was deadly."""
        return Square(why=why) if dead else None


def squares(
    asked: Numbers, note: Any = None
) -> Iterator[Opened[int] | str | Square | Counted[int]]:
    """Yield the squares; some words end the process, refuse, or lie."""
    yield Opened(len(asked.steps))
    for step in asked.steps:
        yield step
        if step == "exit":
            os._exit(7)
        if step == "refuse":
            raise UsageError("no numbers today", where="here")
        yield Square(-1) if step == "lie" else Square(int(step) ** 2)
    yield Counted(len(asked.steps))


def squared(*steps: str, **more: Any) -> Any:
    (result,), interrupted = run_all([Squaring(Numbers(list(steps)))], Limits(), **more)
    assert not interrupted
    return result


def test_answers_come_back_as_the_types_that_the_work_names() -> None:
    result = squared("2", "3")
    assert (result.opened, result.counts, result.refused) == (2, 2, None)
    assert result.answers == {"2": Square(4), "3": Square(9)}


def test_a_death_is_what_the_work_says_and_the_other_steps_are_tried_by_a_fresh_child() -> None:
    result = squared("2", "exit", "3")
    assert result.answers["exit"] == Square(why="the module ends the process (exit status 7)")
    assert (result.answers["2"], result.answers["3"]) == (Square(4), Square(9))


def test_a_refusal_and_an_exception_are_told() -> None:
    refused = squared("refuse").refused
    assert (refused.kind, refused.what, refused.where) == ("UsageError", "no numbers today", "here")
    assert squared("many", "2").answers["many"].why.startswith("the module raises ValueError")


def test_an_answer_that_is_none_makes_all_of_them_worthless() -> None:
    result = squared("2", "lie")
    assert result.answers == {}
    assert "a negative square" in result.refused.what


def test_a_question_travels_as_json_to_any_executor() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
        result = squared("2", "exit", "4", engine=Engine("pool", lambda *asked: executor))
    assert list(result.answers) == ["2", "exit", "4"]
    assert result.answers["4"] == Square(16)
    assert result.opened == 3


@pytest.mark.parametrize(
    "line",
    [
        b'{"type":"answered","step":"5","answer":{"value":25}}',
        b'{"type":"answered","step":"2","answer":{"value":"four"}}',
        b'{"type":"answered","step":"2"}',
        b'{"type":"opened","about":"much"}',
        b'{"type":"trying","case":{"dims":{}}}',
        b'{"type":"counted","counts":null}',
        b'{"type":"started","step":"5"}',
        b'{"type":"reached","phase":"retired"}',
        b'{"type":"counted","counts":' + b"9" * 40 + b"}",
    ],
)
def test_what_the_work_does_not_say_is_refused(line: bytes) -> None:
    with pytest.raises(UnsoundError):
        heard(line, Squaring(Numbers(["2"])), ["2"], Limits())
