"""The task of watching a live model: a question for a child, and its answer as plain data."""

from __future__ import annotations

from pathlib import Path

import msgspec

from attncheck.auditing.job import Job
from attncheck.auditing.things import Thing, packed
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered, Message
from attncheck.execution.task import Task
from attncheck.execution.testimony import UnsoundError

STEP = "call"
"""The one step of the question."""
_MOST, _LINES = 100_000, 10_000_000


class Alike(msgspec.Struct):
    """Submodules of one class and configuration, and where that class is written.

    Attributes:
        name, path, line: of the class.
        kind: what its operators are.
        places: dotted names; one is there.
        call: what the first of them was given, as ``--input`` takes it.
        decodes: whether that was a cache and no mask.
        kept: whether it was given what no text says, such as a table of positions.
    """

    name: str
    kind: str
    places: list[str]
    path: str = ""
    line: int = 0
    call: list[str] = []
    decodes: bool = False
    kept: bool = False


class Watched(msgspec.Struct):
    """How the model was called, its submodules, and those that hold an attention.

    Attributes:
        inputs: as ``--input`` takes them.
        tree: dotted name and class of each submodule.
        groups: what holds an attention; why there are none, where the child died.
        failed: why nothing is known.
    """

    inputs: list[str]
    tree: list[tuple[str, str]]
    groups: list[Alike]
    failed: str = ""


class Watch(Task[Job, Watched, None, None]):
    """Ask what attention a live model holds; the job's spec is none, its one claim our step."""

    runs = "attncheck.commands.scan.watched:watch"
    asks = Job
    answers = Watched

    def narrowed(self, steps: object) -> Job:
        """Return the same question: it has one step."""
        return self.question

    def sound(self, message: Message, limits: Limits) -> Message:
        """Return the message, where it may be believed.

        Raises:
            UnsoundError: no model is as large as that.
        """
        match message:
            case Answered(_, Watched() as said):
                known = {name for name, _ in said.tree}
                lines = all(0 <= group.line < _LINES for group in said.groups)
                if len(said.tree) > _MOST or not lines or not all(g.places for g in said.groups):
                    raise UnsoundError("a model that cannot be")
                if not {group.places[0] for group in said.groups} <= known:
                    raise UnsoundError("a submodule that there is not")
        return message

    def lost(self, step: str, why: str, *, dead: bool) -> Watched:
        """Return that nothing is known."""
        return Watched([], [], [], why)


def watch_of(target: str, inputs: list[str], thing: Thing | None = None) -> Watch:
    """Return what asks for the attention in a live model.

    Args:
        target: of the model.
        inputs: of its call, as ``--input`` takes them.
        thing: the model itself, where no child can build it.
    """
    return Watch(
        Job(
            spec="",
            name=target.rpartition(":")[2],
            target=target,
            folder=str(Path.cwd()),
            inputs=inputs,
            claims=[STEP],
            carried=packed(thing, {}, f"attncheck.scan({thing.written})") if thing else None,
        )
    )
