"""The task of an identification: which mechanism does a module compute?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from attncheck.auditing.job import Job
from attncheck.auditing.request import Asked
from attncheck.auditing.things import in_json, packed, thing_of
from attncheck.data.identity import Identity
from attncheck.data.report import check_place
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered, Message
from attncheck.execution.supervising import Result
from attncheck.execution.task import Task
from attncheck.execution.testimony import UnsoundError
from attncheck.spec.shelf import spec_ids

STEP = "identity"
"""The one step of the question."""
_MOST_WORDS = 100

IdentityResult = Result[Identity, None, None]


class Identify(Task[Job, Identity, None, None]):
    """Ask what a job's subject computes; its spec is none, and its one claim is our step."""

    runs = "attncheck.auditing.identified:identify"
    asks = Job
    answers = Identity

    def narrowed(self, steps: Any) -> Job:
        """Return the job for these steps alone."""
        return msgspec.structs.replace(self.question, claims=list(steps))

    def sound(self, message: Message, limits: Limits) -> Message:
        """Return the message where it names mechanisms that there are.

        Raises:
            UnsoundError: it does not.
        """
        match message:
            case Answered(_, Identity() as said):
                named = {said.mechanism, said.named, *said.also, *said.families}
                if len(said.also) + len(said.changes) > _MOST_WORDS:
                    raise UnsoundError("an identity of too many words")
                if not named <= {None, *spec_ids()}:
                    raise UnsoundError("a mechanism that there is not")
                if said.location is not None:
                    check_place(said.location)
        return message

    def lost(self, step: str, why: str, *, dead: bool) -> Identity:
        """Return that nothing is known."""
        return Identity(None, "unknown", message=f"not found out: {why}")


def task_of(target: Any, asked: Asked) -> Identify:
    """Return what asks for the identity of a target, or of what Python code has at hand.

    Raises:
        UsageError: an option cannot be read.
        TargetError: the target names no class, or makes no module.
    """
    asked.check()
    thing = thing_of(target)
    carried = packed(thing, asked.arguments, f"attncheck.identify({thing.written})")
    return Identify(
        Job(
            spec="",
            name=thing.name,
            target=thing.target,
            folder=str(Path.cwd()),
            arguments={n: in_json(v) for n, v in asked.arguments.items()},
            dims=dict(asked.dims),
            inputs=list(asked.inputs),
            claims=[STEP],
            seed=asked.seed,
            carried=carried,
        )
    )
