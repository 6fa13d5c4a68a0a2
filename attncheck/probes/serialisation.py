"""The module can be copied and pickled whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.copies import COPIES, DEEP, RELOADED, refused
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial


class Serialisation(Claim, frozen=True, kw_only=True):
    """deepcopy and pickle take the module, also after a forward that records gradients.

    ## What it checks
    `copy.deepcopy`, and `torch.save` of the whole module where its class can be imported by name,
    after a forward without gradients and after one that records them. Neither raises.

    ## Why it matters
    Averaged copies of a model need deepcopy, worker processes need pickle, and some trainers save
    the module whole. Much code keeps its weights to be looked at: deepcopy then raises while their
    graph is alive.

    ## Example
    `self.act = lambda t: F.leaky_relu(t, 0.1)`; `self.attn_map = attn` with its graph. Write
    `self.act = nn.LeakyReLU(0.1)`, and `self.attn_map = attn.detach()`.
    """

    kind: ClassVar[str] = "serialisation"
    limit: ClassVar[str] = "serialisation"
    uses: ClassVar[tuple[str, ...]] = ("deploy", "train", "yolo", "hf")
    located_by: ClassVar[tuple[str, ...]] = ("unstorable",)
    turn: ClassVar[int] = 331
    faults: ClassVar[tuple[str, ...]] = ("serialisation",)

    advice: bool = True

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        module, inputs = trial.module(), trial.inputs()
        with torch.no_grad():
            trial.run(module, inputs)
        ways = [way for way in COPIES if way != RELOADED]
        for way, error in ((way, _refusal(trial, module, way)) for way in ways):
            if error is not None:
                return _cannot(refused(way, error), error, way)
        trial.run(module, {n: t.requires_grad_(t.is_floating_point()) for n, t in inputs.items()})
        if (error := _refusal(trial, module, DEEP)) is not None:
            way = f"{DEEP} that records gradients"
            return _cannot(f"it keeps a tensor with its graph: {refused(way, error)}", error, way)
        return holds()


def _refusal(trial: Trial, module: torch.nn.Module, way: str) -> Exception | None:
    """Return what making a copy raises, None where it is made."""
    try:
        COPIES[way](trial, module)
    except SubjectError:
        raise
    except Exception as error:
        return error
    return None


def _cannot(message: str, error: Exception, way: str) -> Outcome:
    wanted = "a module that can be copied"
    return violated(message, expected=wanted, seen=type(error).__name__, way=way)
