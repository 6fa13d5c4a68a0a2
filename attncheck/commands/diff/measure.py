"""The task of measuring one side of a diff: a live model's keys, then what one call of it shows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec

from attncheck.auditing.job import Job
from attncheck.data.changes import Break
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered, Message
from attncheck.execution.task import Task
from attncheck.execution.testimony import UnsoundError

STATE, CALL = "state", "call"
"""The steps of the question."""
_MOST = 200_000

Made = dict[str, tuple[str, str, str, str]]
"""Submodule -> its class, and what its source, its settings and its own shapes are."""


class Handed(msgspec.Struct, frozen=True):
    """One tensor that a call gives: where, its shape, its strides in memory."""

    place: str
    shape: list[int]
    strides: list[int]


class ModelMeasured(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What is known of a live model; each step says its part.

    Attributes:
        state: the keys of its state dict, with shapes.
        made: what each submodule is: class, digest of its source, settings, shapes of its own.
        parameters: elements of all parameters, each once.
        own: of each submodule with parameters of its own, their elements.
        inputs: how it was called, as ``--input`` takes it, and the sizes of the first.
        macs: of each submodule that did work itself, without those below it.
        memory: bytes at the peak above inputs and parameters.
        unpriced: operators without a price, which the MACs leave out.
        outputs: the tensors that the call gives.
        shapes: what each submodule gives that is called once.
        breaks: where its wiring breaks.
        failed: why nothing, or not all, is known.
    """

    state: dict[str, list[int]] = {}
    made: Made = {}
    parameters: int = 0
    own: dict[str, int] = {}
    inputs: list[str] = []
    first: list[int] = []
    macs: dict[str, int] = {}
    memory: int = 0
    unpriced: list[str] = []
    outputs: list[Handed] = []
    shapes: dict[str, list[int]] = {}
    breaks: list[Break] = []
    failed: str = ""


class ModelMeasure(Task[Job, ModelMeasured, None, None]):
    """Ask what a live model holds and does; the job's claims are our steps.

    Of a class, which a spec says how to build, it is asked what it holds alone.
    """

    runs = "attncheck.commands.diff.measured:measure"
    asks = Job
    answers = ModelMeasured

    def narrowed(self, steps: Sequence[str]) -> Job:
        """Return the question for these steps alone."""
        return msgspec.structs.replace(self.question, claims=list(steps))

    def sound(self, message: Message, limits: Limits) -> Message:
        """Return the message, where it may be believed.

        Raises:
            UnsoundError: no model is as large as that, or has less than nothing.
        """
        match message:
            case Answered(_, ModelMeasured() as said):
                parts = (said.state, said.made, said.own, said.macs, said.shapes)
                most = max(len(said.outputs), *(len(part) for part in parts))
                numbers = [said.parameters, said.memory, *said.own.values(), *said.macs.values()]
                sizes = [n for shape in said.state.values() for n in shape]
                if most > _MOST or min([*numbers, *sizes], default=0) < 0:
                    raise UnsoundError("a model that cannot be")
        return message

    def lost(self, step: str, why: str, *, dead: bool) -> ModelMeasured:
        """Return that nothing is known."""
        return ModelMeasured(failed=why)


def measure_of(target: str, inputs: Sequence[str], spec: str = "") -> ModelMeasure:
    """Return what asks for the measures of a live model, relative to the working folder.

    Args:
        target: the model; or a class, which is built at the sizes of a spec.
        inputs: the model's call.
        spec: the class's, "" for a live model.
    """
    return ModelMeasure(
        Job(
            spec=spec,
            name=target.rpartition(":")[2],
            target=target,
            folder=str(Path.cwd()),
            inputs=list(inputs),
            claims=[STATE] if spec else [STATE, CALL],
        )
    )
