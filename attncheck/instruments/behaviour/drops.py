"""What a module drops while it trains: how often, on which line, and whether a softmax follows."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attncheck.data.report import Location
from attncheck.lazy import torch
from attncheck.source.raised import line_now
from attncheck.subject.trial import Trial

_DROPS = ("dropout", "dropout_", "alpha_dropout", "feature_dropout", "feature_alpha_dropout")
_ATTENDS = {"scaled_dot_product_attention": 4, "multi_head_attention_forward": 10}
"""torch's own functions that drop weights, and the place of their rate."""
_NORMALISES = ("softmax", "log_softmax", "exp", "exp_")
_MOVES = (
    "view", "reshape", "permute", "transpose", "contiguous", "clone", "unsqueeze", "squeeze",
    "flatten", "to", "type_as", "float", "half", "double", "__getitem__",
)  # fmt: skip
_SCALES = ("mul", "mul_", "div", "div_", "true_divide", "__truediv__", "__mul__", "__rmul__")
_SHIFTS = (
    "add", "add_", "sub", "sub_", "__add__", "__radd__", "__iadd__", "__sub__", "masked_fill",
    "masked_fill_", "where", "clamp", "clip", "__imul__", "__itruediv__",
)  # fmt: skip
_OTHER = 0.25
"""The rate of what would drop nothing."""


@dataclass
class Drop:
    """One dropout of a call: its rate, its line, and whether what it drops are logits."""

    rate: float
    location: Location | None = None
    on_logits: bool = False


@dataclass
class Drops:
    """Every dropout of a call that drops something, in order."""

    found: list[Drop] = field(default_factory=list)
    _of: dict[int, tuple[torch.Tensor, Drop]] = field(default_factory=dict)

    def see(self, func: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], made: Any) -> None:
        """Take in one function call and what it returned."""
        name = getattr(func, "__name__", "")
        if place := _ATTENDS.get(name):
            on = kwargs.get("training", True) or name.startswith("scaled")
            self._drop(float(_argument(args, kwargs, "dropout_p", place, 0.0)), on, None)
        elif name.rstrip("123d") in _DROPS:
            rate = float(_argument(args, kwargs, "p", 1, 0.5))
            self._drop(rate, _argument(args, kwargs, "training", 2, True), made)
        elif name in _NORMALISES and (drop := self._drop_of(args[0] if args else None)):
            drop.on_logits = True
        elif drop := self._passed_on(name, args):
            self._of[id(made)] = (made, drop)

    def _drop(self, rate: float, on: Any, made: Any) -> None:
        if on and rate:
            drop = Drop(rate, line_now("dropped here"))
            self.found.append(drop)
            if made is not None:
                self._of[id(made)] = (made, drop)

    def _drop_of(self, tensor: Any) -> Drop | None:
        known = self._of.get(id(tensor))
        return known[1] if known else None

    def _passed_on(self, name: str, args: tuple[Any, ...]) -> Drop | None:
        """Return the dropout of logits that are still logits after this function."""
        tensors = [a for a in args if isinstance(a, torch.Tensor)]
        dropped = next((t for t in tensors if self._drop_of(t)), None)
        if dropped is None:
            return None
        others = [t for t in tensors if t is not dropped and t.dtype != torch.bool]
        scales = name in _SCALES and all(2 * t.numel() <= dropped.numel() for t in others)
        kept = name in _MOVES or name in _SHIFTS or scales
        return self._drop_of(dropped) if kept else None


def _argument(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], name: str, place: int, default: Any
) -> Any:
    return kwargs.get(name, args[place] if len(args) > place else default)


def drops_of(trial: Trial, rates: Mapping[str, float]) -> list[Drop]:
    """Return what one call in training mode drops.

    Args:
        trial: the subject and the case.
        rates: other values of the constructor's parameters.

    Raises:
        SubjectError: the constructor or ``forward`` raises.
    """
    subject = trial.subject
    binding = replace(subject.binding, literal={**subject.binding.literal, **rates})
    trial = replace(trial, subject=replace(subject, binding=binding)) if rates else trial
    module = trial.module(train=True)
    _drop_something(module)
    seen = Drops()
    with _watched(seen), torch.no_grad():
        trial.run(module, trial.inputs())
    return seen.found


def rates_of(trial: Trial) -> dict[str, float]:
    """Return a rate of its own for each of the constructor's rates of dropout.

    None for an instance, which is made already.
    """
    if trial.subject.as_it_is:
        return {}
    try:
        parameters = inspect.signature(trial.subject.factory).parameters.values()
    except (TypeError, ValueError):
        return {}
    told = trial.subject.binding.literal
    names = [p.name for p in parameters if _is_rate(p.name, told.get(p.name, p.default))]
    return {name: round(_OTHER + 0.0625 * place, 4) for place, name in enumerate(names)}


def _is_rate(name: str, value: Any) -> bool:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return number and "drop" in name.lower() and "path" not in name.lower() and 0 <= value < 1


def _drop_something(module: torch.nn.Module) -> None:
    """Let what is there to drop, and drops nothing by default, drop something."""
    for part in module.modules():
        for name, value in [*vars(part).items()]:
            if type(value) is float and value == 0 and _is_rate(name, value):
                setattr(part, name, _OTHER)
        if isinstance(part, torch.nn.modules.dropout._DropoutNd) and not part.p:
            part.p = _OTHER


def _watched(seen: Drops) -> Any:
    class Watching(torch.overrides.TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            made = func(*args, **(kwargs or {}))
            seen.see(func, args, kwargs or {}, made)
            return made

    return Watching()
