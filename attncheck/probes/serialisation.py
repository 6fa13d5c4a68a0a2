"""The module can be saved, loaded and copied."""

from __future__ import annotations

import copy
import io
import pickle
import sys
from collections.abc import Iterator
from typing import Any, ClassVar

from attncheck.instruments.behaviour.axes import draws_at_random
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.raising import SubjectError, first_line
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Tensors, Trial


class Serialisation(Claim, frozen=True, kw_only=True):
    """State dict, deepcopy and pickle give back a module that computes the same.

    ## What it checks
    After a forward: `state_dict` loaded strictly into a fresh module, `copy.deepcopy`, and
    `torch.save` of the whole module where its classes can be imported by name. Each copy gives
    the same output. Much code keeps its weights to be looked at: that deepcopy then raises while
    their graph is alive, after a forward that records gradients, is something to know.

    ## Why it matters
    Averaged copies of a model need deepcopy, data-parallel workers need pickle, and a checkpoint
    that lacks a random table gives another model.

    ## Example
    `self.act = lambda t: F.leaky_relu(t, 0.1)`; `self.attn_map = attn` with its graph.
    """

    kind: ClassVar[str] = "serialisation"
    located_by: ClassVar[tuple[str, ...]] = ("unstorable", "layer in forward", "unregistered")
    turn: ClassVar[int] = 330
    faults: ClassVar[tuple[str, ...]] = ("hidden_state", "serialisation", "unregistered_buffer")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        module, inputs = trial.module(), trial.inputs()
        if draws_at_random(trial, module):
            return skipped("the module draws at random in eval mode")
        with torch.no_grad():
            expected = trial.run(module, inputs)
        for make in (_reloaded, _deep_copied, _pickled):
            try:
                twin = make(trial, module)
            except SubjectError:
                raise
            except Exception as error:
                return violated(
                    f"{_NAMES[make]} raises {type(error).__name__}: {first_line(error)}",
                    expected="a module that computes the same",
                    seen=type(error).__name__,
                    way=_NAMES[make],
                )
            if twin is not None and (outcome := _compare(trial, twin, inputs, expected, make)):
                return outcome
        return _with_graph(trial, module, inputs)


def _with_graph(trial: Trial, module: torch.nn.Module, inputs: Tensors) -> Outcome:
    """Copy the module once more, after a forward that records gradients."""
    trial.run(module, {name: tensor.requires_grad_() for name, tensor in inputs.items()})
    try:
        copy.deepcopy(module)
    except Exception as error:
        return violated(
            f"it keeps a tensor with its graph: {_NAMES[_deep_copied]} that records gradients "
            f"raises {type(error).__name__}: {first_line(error)}",
            expected="a module that can be copied while it is trained",
            seen=type(error).__name__,
            way=_NAMES[_deep_copied],
        ).to_know()
    return holds()


def _compare(
    trial: Trial, twin: torch.nn.Module, inputs: Tensors, expected: torch.Tensor, make: Any
) -> Outcome | None:
    change = difference(expected, trial.run(twin, inputs).detach())
    if change <= budget(expected):
        return None
    return violated(
        f"{_NAMES[make]} gives a module whose output differs by {change:.3g}",
        expected="the same output",
        seen=f"a difference of {change:.3g}",
        way=_NAMES[make],
    )


def _reloaded(trial: Trial, module: torch.nn.Module) -> torch.nn.Module:
    """Load the state into a module that another seed made."""
    state = copy.deepcopy({name: t.detach() for name, t in module.state_dict().items()})
    twin = trial.with_case(seed=trial.case.seed + 101).module(initial=True)
    twin.load_state_dict(state, strict=True)
    return twin.train(module.training)


def _deep_copied(trial: Trial, module: torch.nn.Module) -> torch.nn.Module:
    return copy.deepcopy(module)


def _pickled(trial: Trial, module: torch.nn.Module) -> torch.nn.Module | None:
    if not all(_importable(type(part)) for part in module.modules()):
        return None
    buffer = io.BytesIO()
    # torch's own protocol, 2, refuses names that are not ASCII: no fault of the module's.
    torch.save(module, buffer, pickle_protocol=pickle.DEFAULT_PROTOCOL)
    buffer.seek(0)
    loaded = torch.load(buffer, weights_only=False)
    return loaded if isinstance(loaded, torch.nn.Module) else None


def _importable(kind: type) -> bool:
    """Say whether pickle finds the class by its name: not so for one made inside a function."""
    found: Any = sys.modules.get(kind.__module__)
    for part in kind.__qualname__.split("."):
        found = getattr(found, part, None)
    return found is kind


_NAMES: dict[Any, str] = {
    _reloaded: "loading its state_dict into a fresh module",
    _deep_copied: "copy.deepcopy after a forward",
    _pickled: "torch.save of the module",
}
