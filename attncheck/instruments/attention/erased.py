"""The operator that makes the same of every mask: from there on a mask has no effect."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from attncheck.data.report import Location
from attncheck.instruments.attention.masks import MaskWay, encode, some_hidden
from attncheck.lazy import torch
from attncheck.source.lost import Loss
from attncheck.source.paired import differs
from attncheck.source.raised import line_now
from attncheck.subject.dispatcher import watching
from attncheck.subject.raising import SubjectError
from attncheck.subject.sampling import generator
from attncheck.subject.trial import Trial

_DRAWS = 6


@dataclass(frozen=True)
class _Call:
    """One operator of a run: what it was given, what it made, and the subject's line."""

    operator: Any
    given: list[Any]
    shape: Any
    made: list[torch.Tensor]
    place: Location | None

    @property
    def name(self) -> str:
        name: str = self.operator.name().removeprefix("aten::").partition(".")[0]
        return name

    def again(self, given: list[Any]) -> list[torch.Tensor]:
        """Return what the operator makes of other values."""
        args, kwargs = torch.utils._pytree.tree_unflatten(_copies(given), self.shape)
        return _tensors(self.operator(*args, **kwargs))


def erased(way: MaskWay, trial: Trial) -> Loss | None:
    """Return where a mask that changes nothing is lost by what is computed of it.

    It is called with two masks. The last operator that is given other values and makes the same
    of both is asked again with values of its own: where it makes the same of all of them, no mask
    has an effect behind it.

    Args:
        way: the mask, as it runs.
        trial: the subject as it is called with it.
    """
    hidden = some_hidden(way, trial)
    try:
        first, second = _calls(way, trial, hidden), _calls(way, trial, torch.zeros_like(hidden))
    except (SubjectError, RuntimeError):
        return None
    if [call.operator for call in first] != [call.operator for call in second]:
        return None
    losing = [
        (one, places)
        for one, other in zip(first, second, strict=True)
        if (places := _apart(one.given, other.given)) and not _apart(one.made, other.made)
    ]
    if not losing:
        return None
    call, places = losing[-1]
    if call.place is None or not all(_same_of_all(call, places, draw) for draw in range(_DRAWS)):
        return None
    return Loss(f"`{call.name}` makes the same of every mask at line {call.place.line}", call.place)


def _same_of_all(call: _Call, places: list[int], draw: int) -> bool:
    source = generator(977 * (draw + 1))
    for kind in (_other, _far_apart):  # numbers where truth values were given, too
        given = list(call.given)
        for place in places:
            given[place] = kind(given[place], draw, source)
        try:
            if _apart(_numbers(call.again(given)), _numbers(call.made)):
                return False
        except RuntimeError:
            if kind is _other:
                return False
    return True


def _other(tensor: torch.Tensor, draw: int, source: torch.Generator) -> torch.Tensor:
    """Return other values of a mask's kind: true and false, whole numbers, or far apart."""
    if not tensor.is_floating_point():
        return torch.randint(0, 2, tensor.shape, generator=source).to(tensor.dtype)
    return _far_apart(tensor, draw, source)


def _far_apart(tensor: torch.Tensor, draw: int, source: torch.Generator) -> torch.Tensor:
    values = torch.randn(tensor.shape, generator=source, dtype=torch.float64)
    real = tensor.dtype if tensor.is_floating_point() else torch.float64
    return (values * 10.0 ** (2 * draw - 4)).to(real)


def _apart(some: list[Any], others: list[Any]) -> list[int]:
    """Return the places of the tensors that differ."""
    found = []
    for place, (a, b) in enumerate(zip(some, others, strict=True)):
        if isinstance(a, torch.Tensor) and isinstance(b, torch.Tensor):
            apart = differs(a, b)
            if apart is None or bool(apart.any()):
                found.append(place)
    return found


def _calls(way: MaskWay, trial: Trial, hidden: torch.Tensor) -> list[_Call]:
    """Return the operators of one call with a mask, in order."""
    module = trial.module()
    found: list[_Call] = []

    def run(_: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        leaves, shape = torch.utils._pytree.tree_flatten((args, kwargs))
        given = _copies(leaves)
        made = operator(*args, **kwargs)
        place = line_now("what the mask says is lost here")
        found.append(_Call(operator, given, shape, _copies(_tensors(made)), place))
        return made

    inputs = {**trial.inputs(), way.argument.input: encode(hidden, way, trial)}
    with torch.no_grad(), watching(run):
        trial.run(module, inputs)
    return found


def _copies(values: list[Any]) -> list[Any]:
    return [v.detach().clone() if isinstance(v, torch.Tensor) else v for v in values]


def _numbers(made: list[torch.Tensor]) -> list[Any]:
    """Return values without their types: what is made of numbers holds numbers."""
    return [t if t.is_complex() else t.double() for t in made]


def _tensors(made: Any) -> list[torch.Tensor]:
    return [t for t in torch.utils._pytree.tree_leaves(made) if isinstance(t, torch.Tensor)]
