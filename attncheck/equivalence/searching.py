"""Every assignment of a subject's tensors, likeliest first, under every choice of options.

Two orders find most of them at once: by names and order of definition, and by order of use: what
the subject's call reads first is what the definition reads first. Choices of options take turns,
so that a wrong one does not use up the search.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING, Any

from attncheck.equivalence.assignment import Assignment
from attncheck.equivalence.freedoms import known_values
from attncheck.equivalence.matching import Matcher
from attncheck.lazy import torch
from attncheck.subject import Subject
from attncheck.target.raising import SubjectError
from attncheck.trial import Trial
from attncheck.watching import watching

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

_TURN = 4
"""Assignments of one choice of options before it is another's turn."""


def assignments(
    mechanism: Mechanism, subject: Subject, module: torch.nn.Module, *, relaxed: bool = False
) -> Iterator[Assignment]:
    """Yield each assignment once."""
    seen: set[Any] = set()
    for assignment in _turns(mechanism, subject, module, relaxed=relaxed):
        key = (_key(assignment), tuple(sorted((n, str(v)) for n, v in assignment.values.items())))
        if key not in seen:
            seen.add(key)
            yield assignment


def _turns(
    mechanism: Mechanism, subject: Subject, module: torch.nn.Module, *, relaxed: bool
) -> Iterator[Assignment]:
    choices = list(known_values(mechanism, subject, module))
    searches = [Matcher(mechanism, module, known, relaxed).assignments() for known in choices]
    for search in searches:
        yield from islice(search, 1)
    used = order_of_use(subject, module)
    by_use = [Matcher(mechanism, module, known, relaxed, used).assignments() for known in choices]
    for search in by_use:
        yield from islice(search, 1)
    waiting = [search for pair in zip(searches, by_use, strict=True) for search in pair]
    while waiting:
        going = []
        for search in waiting:
            turn = list(islice(search, _TURN))
            yield from turn
            if len(turn) == _TURN:
                going.append(search)
        waiting = going


def _key(assignment: Assignment) -> Any:
    return tuple(
        (slot, part.unit.owner, part.unit.reading, part.rows, part.columns, part.bias)
        for slot, part in sorted(assignment.parts.items())
    )


def order_of_use(subject: Subject, module: torch.nn.Module) -> dict[str, int]:
    """Return parameter -> when a call first reads it; those that it never reads are left out."""
    storages = {
        tensor.untyped_storage()._cdata: name
        for name, tensor in [*module.named_parameters(), *module.named_buffers()]
    }
    order: dict[str, int] = {}

    def see(mode: Any, operator: Any, args: Any, kwargs: Any) -> Any:
        if not getattr(operator, "is_view", False):
            for tensor in torch.utils._pytree.tree_leaves((args, kwargs)):
                if isinstance(tensor, torch.Tensor):
                    name = storages.get(tensor.untyped_storage()._cdata)
                    if name is not None:
                        order.setdefault(name, len(order))
        return operator(*args, **kwargs)

    trial = Trial(subject, subject.base())
    try:
        with torch.no_grad(), watching(see):
            trial.run(module, trial.inputs())
    except SubjectError:
        return {}
    return order
