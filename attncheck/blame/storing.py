"""What cannot be copied or saved: the line that puts it on the module."""

from __future__ import annotations

import copy
import pickle

from attncheck.data.report import Location
from attncheck.instruments.behaviour.copies import is_local
from attncheck.lazy import torch
from attncheck.source.paired import inputs_with_masks, traced
from attncheck.source.places import Blame, at_statement
from attncheck.source.reading import all_made_at, made_at, sources_of
from attncheck.source.remarks import first, hook
from attncheck.subject.claim import Outcome
from attncheck.subject.trial import Trial


def unstorable(trial: Trial, outcome: Outcome) -> Blame | None:
    """Copy and pickle every attribute by itself, before and after a call."""
    module = trial.module()
    inputs = {
        n: t.requires_grad_() if t.is_floating_point() else t
        for n, t in inputs_with_masks(trial).items()
    }
    traced(trial, module, inputs)
    places: list[Location] = []
    for path, sub in module.named_modules():
        if path and is_local(type(sub)):
            owner, _, own = path.rpartition(".")
            note = f"the class of `self.{own}` is made inside a function"
            places += all_made_at(type(module.get_submodule(owner)), own, note)
        for name, value in vars(sub).items():
            if isinstance(value, torch.nn.Module) or name in ("_modules", "_parameters"):
                continue
            if error := _refused(value):
                note = f"`self.{name}` cannot be copied or saved: {error}"
                if name.endswith("_hooks"):
                    places += _hooked(module, f"a hook cannot be copied or saved: {error}")
                    continue
                # The line that fills an attribute, rather than `self.map = None` before.
                places += all_made_at(type(sub), name, note)[::-1]
    if not places:
        return _lost(trial, module)
    return Blame(places[0], places[1:])


def _hooked(module: torch.nn.Module, note: str) -> list[Location]:
    """Return the first line of each class that registers a hook, whichever layer's."""
    kinds = dict.fromkeys(type(part) for part in module.modules())
    found = [(s.path, first(s.statements, hook)) for kind in kinds for s in sources_of(kind)]
    return [at_statement(path, line, note) for path, line in found if line is not None]


def _refused(value: object) -> str:
    for attempt in (copy.deepcopy, pickle.dumps):
        try:
            attempt(value)
        except Exception as error:
            return type(error).__name__
    return ""


def _lost(trial: Trial, module: torch.nn.Module) -> Blame | None:
    """Plain tensors that the constructor draws are not in the state: two modules differ in them."""
    twin = trial.with_case(seed=trial.case.seed + 101).module(initial=True)
    for name in [name for name in module.state_dict() if name not in twin.state_dict()]:
        owner, _, own = name.rpartition(".")
        if place := made_at(type(module.get_submodule(owner)), own, f"`{name}` is made by a call"):
            return Blame(place)
    for (_, sub), (_, other) in zip(module.named_modules(), twin.named_modules(), strict=False):
        for name, value in vars(sub).items():
            there = vars(other).get(name)
            if not isinstance(value, torch.Tensor) or not isinstance(there, torch.Tensor):
                continue
            if value.shape == there.shape and not torch.equal(value, there):
                note = f"`self.{name}` is drawn here and not in the state_dict"
                place = made_at(type(sub), name, note)
                return Blame(place) if place else None
        gone = set(sub._buffers) - set(sub.state_dict())
        for name in sorted(gone):
            a, b = sub._buffers[name], other._buffers.get(name)
            if a is not None and b is not None and not torch.equal(a, b):
                place = made_at(type(sub), name, f"`self.{name}` is not in the state_dict")
                return Blame(place) if place else None
    return None
