"""A task: a typed question for a child process, and what is made of its typed answers.

Rooms above say what work there is, each by a class of its own. Questions and answers are plain
data (msgspec structures), so that they travel to wherever a child may run.
"""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import msgspec

from attncheck.execution.deaths import Death
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Message, messages_of


class Question(Protocol):
    """What every question says, for the process that works on it."""

    @property
    def target(self) -> str:
        """What is worked on, which is the process's ``sys.argv[0]``."""
        ...

    @property
    def folder(self) -> str:
        """Where modules are looked for at last; "" for nowhere else."""
        ...

    @property
    def steps(self) -> Sequence[str]:
        """What is asked for, in order: a child that dies costs the step that it was on."""
        ...


Q = TypeVar("Q", bound=Question)
A = TypeVar("A")
O = TypeVar("O")  # noqa: E741
N = TypeVar("N")


@dataclass(frozen=True)
class Task(Generic[Q, A, O, N]):
    """A question of one kind of work. Each kind is a subclass, which its module names publicly.

    The work itself is a generator, called in the child with the question and ``note=``, which is
    told what is tried. It yields ``Opened`` first; then a step's name, and its answer, for every
    step that the question asks for; and ``Counted`` at last, where there is something to count.

    Attributes:
        question: what the child is asked.
    """

    runs: ClassVar[str]
    """The generator, ``package.module:name``."""
    asks: ClassVar[Any]
    """The type of the question."""
    answers: ClassVar[Any]
    """The type of a step's answer."""
    opens: ClassVar[Any] = None
    """The type of what is known once the work can begin."""
    tries: ClassVar[Any] = None
    """The type of a case on which a step is tried."""
    counts: ClassVar[Any] = None
    """The type of what belongs to no step."""

    question: Q

    @classmethod
    def of(cls, question: Any) -> Task[Q, A, O, N]:
        """Return the task that a question makes by itself, wherever it has travelled."""
        return cls(question)

    @property
    def steps(self) -> Sequence[str]:
        """What is asked for, in order."""
        return self.question.steps

    def files(self) -> list[str]:
        """Return the files that the question names: wherever it is worked on, they are read."""
        target = str(self.question.target)
        place = target.partition(":")[0]
        if not place.endswith(".py"):
            return []
        return [os.path.realpath(os.path.join(self.question.folder, os.path.expanduser(place)))]

    def narrowed(self, steps: Sequence[str]) -> Q:
        """Return the question for these steps alone, which a fresh child is asked."""
        narrow: Callable[..., Q] = msgspec.structs.replace  # which takes structures alone
        return narrow(self.question, steps=list(steps))

    def patience(self, step: str) -> float:
        """Return how many times the usual time this step may take."""
        return 1.0

    def sound(self, message: Message, limits: Limits) -> Message:
        """Return a message that has the right types, with what the parent knows better put right.

        Raises:
            UnsoundError: no child of ours says so.
        """
        return message

    def ended(self, death: Death, waiting: Sequence[str]) -> Mapping[str, A | None]:
        """Return what the death of a child makes of the steps that waited for it.

        A fresh child goes on with those that are not named. None is for a step that gets no
        answer, and is not tried again.
        """
        if death.kind == "time":
            why = f"the time for one subject is up ({death.number:g} s)"
            return {step: self.lost(step, why, dead=False) for step in waiting}
        why = f"the module {death.sentence()}"
        if death.step and death.kind == "hang":
            why = f"no answer in {death.number:g} s"
        if death.step and death.kind != "forged":
            return {death.step: self.lost(death.step, why, dead=True)}
        at = death.step or (waiting[0] if death.kind == "forged" else "")
        return {step: self.lost(step, why, dead=step == at) for step in waiting}

    def lost(self, step: str, why: str, *, dead: bool) -> A | None:
        """Return the answer of a step that has none, for this reason; None for no answer.

        Args:
            step: the step.
            why: in words.
            dead: its child died of this very step.
        """
        return None

    @classmethod
    def kind(cls) -> str:
        """Return the name of this kind of work, ``package.module:Class``."""
        return f"{cls.__module__}:{cls.__qualname__}"

    @classmethod
    def modules(cls) -> set[str]:
        """Return the modules that a child stands in: this kind's, and that of the work."""
        return {cls.__module__, cls.runs.partition(":")[0]}

    @classmethod
    @functools.cache
    def messages(cls) -> dict[str, Any]:
        """Return tag -> type for what a child may say."""
        return messages_of(cls.opens, cls.tries, cls.answers, cls.counts)


AnyTask = Task[Any, Any, Any, Any]


def named(name: str) -> Any:
    """Return what ``package.module:name`` names: a kind of work, or its generator."""
    place, _, own = name.partition(":")
    return getattr(importlib.import_module(place), own)
