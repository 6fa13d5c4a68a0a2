"""What options that no parameter tells a module shows: by more calls, by what it keeps."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from attncheck.lazy import torch
from attncheck.signature.tables import turns_of
from attncheck.subject.dispatcher import watching
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_OWN = frozenset({"relu", "gelu", "gelu tanh", "silu"})
_CALLED = {
    "relu": "relu",
    "squared": "relu",
    "gelu": "gelu",
    "tanh": "gelu tanh",
    "silu": "silu",
    "quick": "sigmoid",
}
"""Activations of a feed-forward layer, and the operator that each is made of."""


def contradictions(subject: Subject, module: torch.nn.Module) -> Callable[[Mapping[str, Any]], int]:
    """Return what tells in how many ways a choice of options contradicts what calls show.

    A choice that does is tried last, not left out: a mistake may be what one sees.
    """
    shown: list[tuple[bool | None, bool | None]] = []

    def count(values: Mapping[str, Any]) -> int:
        if not {"causal", "positions"} & values.keys():
            return 0
        if not shown:
            shown.append(_shown(subject, module))
        return _against(values, *shown[0])

    return count


def activations(subject: Subject, module: torch.nn.Module, names: Sequence[str]) -> list[str]:
    """Return which of these activations a call takes; all where none is an operator of torch's."""
    called = _operators(subject, module)
    shown = [name for name in names if name not in _CALLED or _CALLED[name] in called]
    return shown if shown and called & _OWN else [*names]


def _operators(subject: Subject, module: torch.nn.Module) -> frozenset[str]:
    """Return the names of the operators that a call takes; of a gelu how it is computed as well."""
    found: set[str] = set()

    def see(mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        name = operator.overloadpacket.__name__.strip("_")
        found.add("gelu tanh" if kwargs.get("approximate") == "tanh" else name)
        return operator(*args, **kwargs)

    trial = Trial(subject, subject.base())
    try:
        with torch.no_grad(), watching(see):
            trial.run(module, trial.inputs())
    except SubjectError:
        return frozenset()
    return frozenset(found)


def turns_given(subject: Subject, name: str) -> list[float]:
    """Return the ``base`` or the ``part`` of the rotary table that a model hands to the subject."""
    made = (argument.made for argument in subject.convention.arguments)
    told = [turns for text in made if (turns := turns_of(text))]
    values = {"base": [base for _, base in told], "part": [1.0, *(float(w) for w, _ in told)]}
    return list(dict.fromkeys(values.get(name, []))) if told else []


def rotations(module: torch.nn.Module, name: str) -> list[float]:
    """Return the ``base`` or the ``part`` (channels that turn) of frequencies that a module keeps.

    They are 1, r, r², …, so that base = r to the minus number of pairs: a buffer says them better
    than any attribute. Where it turns all channels, 1 says so as well.
    """
    bases: list[float] = []
    widths: list[float] = []
    for sub in module.modules():
        kept = [*sub._buffers.values(), *vars(sub).values()]
        for t in (t for t in kept if isinstance(t, torch.Tensor) and t.is_floating_point()):
            if t.ndim != 1 or len(t) < 2 or float(t[0]) != 1.0 or not 0 < float(t[1]) < 1:
                continue
            rates = t.double()
            if bool(torch.allclose(rates[1:] / rates[:-1], rates[1], rtol=1e-4)):
                base = float(rates[1]) ** -len(t)
                bases.append(float(round(base)) if abs(base - round(base)) < 1e-4 * base else base)
                widths.append(2.0 * len(t))
    if not bases:
        return []
    return list(dict.fromkeys({"base": bases, "part": [1.0, *widths]}.get(name, [])))


def _against(values: Mapping[str, Any], ahead: bool | None, order: bool | None) -> int:
    found = 0
    windowed = bool(values.get("window"))
    if ahead is not None and "causal" in values and not windowed:
        found += values["causal"] is ahead
    if order is not None and "positions" in values:
        found += ((values["positions"] != "none") or windowed) is not order
    return found


def _shown(subject: Subject, module: torch.nn.Module) -> tuple[bool | None, bool | None]:
    """Return whether the first output follows the last token, and the last one their order."""
    trial = Trial(subject, subject.base())
    inputs = trial.inputs()
    x = inputs[trial.main]
    axes = trial.axes()
    axis = next((i for i, name in enumerate(axes) if name == "N"), None)
    if axis is None or trial.output_axes[axis : axis + 1] != ("N",) or x.shape[axis] < 3:
        return None, None
    size = x.shape[axis]
    other = x.clone()
    drawn = trial.inputs(draw_seed=1)[trial.main]
    other.select(axis, size - 1).copy_(drawn.select(axis, size - 1))
    turned = [*range(1, size - 1), 0, size - 1]
    moved = x.index_select(axis, torch.tensor(turned, device=x.device))
    try:
        with torch.no_grad():
            seen, changed, order = (
                trial.run(module, {**inputs, trial.main: t}) for t in (x, other, moved)
            )
    except SubjectError:
        return None, None
    if seen.ndim != len(axes) or seen.shape[axis] != size:
        return None, None  # it answers with another number of tokens
    first = _differ(seen.select(axis, 0), changed.select(axis, 0))
    return first, _differ(seen.select(axis, size - 1), order.select(axis, size - 1))


def _differ(a: torch.Tensor, b: torch.Tensor) -> bool:
    largest = float(a.abs().nan_to_num(0.0).max())
    return not torch.allclose(a, b, rtol=1e-6, atol=1e-8 * largest, equal_nan=True)
