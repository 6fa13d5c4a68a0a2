"""Which masks a module offers, and what they mean: as stated, named, documented, or found."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from attncheck.instruments.attention.caches import offered
from attncheck.instruments.attention.evident import evident_of, may_be_of_queries, of_rows_alone
from attncheck.instruments.attention.hearing import Hearing
from attncheck.instruments.attention.masks import (
    MaskWay,
    encode,
    hear_masked,
    some_hidden,
)
from attncheck.instruments.attention.misread import of_other_samples
from attncheck.lazy import torch
from attncheck.signature.convention import LENGTHS, MEANINGS, Argument
from attncheck.signature.documented import documented_meaning
from attncheck.signature.forward import forward_parameters, is_required, named_parameters
from attncheck.signature.masks import (
    is_mask_name,
    is_per_query,
    key_axis,
    known_meaning,
    late_batches,
    possible_axes,
    usual_axes,
)
from attncheck.source.reading import docstrings
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import close
from attncheck.subject.trial import Trial

KEYS = ("N", "M", "G")
"""Axes along which keys lie that a mask may hide."""
_OPEN = (("causal", False), ("side", "each"))
"""Options with which a definition looks at later tokens."""
_SAID = {
    "valid": ("valid-true", "valid-01"),
    "pad": ("pad-true", "pad-01"),
    "additive": ("additive",),
}


@dataclass(frozen=True)
class Unclear:
    """An optional mask whose meaning trying does not tell.

    Attributes:
        parameter: its name.
        silent: a mask that runs, where no mask of any shape and meaning changes any output.
        ran: how many of the masks that were tried run.
        changing: a mask that changes some output.
        otherwise: what it is, where it is no mask of keys: ``of queries``, ``of heads``.
    """

    parameter: str
    silent: MaskWay | None = None
    ran: int = 0
    otherwise: str = ""
    changing: MaskWay | None = None


def ways_of(subject: Subject, trial: Trial) -> tuple[list[MaskWay], list[Unclear]]:
    """Return the subject's masks, and the optional ones whose meaning could not be found.

    Masks that the user states are taken as stated, masks with torch's own names as torch means
    them, and documented ones as their author writes; of others every set of axes and every
    meaning is tried, and the first under which hidden keys are silent and visible ones are
    heard is the meaning. A mask that obeys under none may still show what it means: where it
    empties the right weights too late, or the scores of the wrong rows.
    """
    key = id(subject)
    if key not in _found or _found[key][0] is not subject:
        _found.clear()
        _found[key] = (subject, _search(subject, trial))
    return _found[key][1]


_found: dict[int, tuple[Subject, tuple[list[MaskWay], list[Unclear]]]] = {}
"""The last subject's masks: looked for once, not on every case."""


def _search(subject: Subject, trial: Trial) -> tuple[list[MaskWay], list[Unclear]]:
    roomy = _roomy(trial)
    ways = [_fitted(MaskWay(argument, "stated"), roomy) for argument in subject.convention.masks]
    unclear: list[Unclear] = []
    if key_axis(subject.convention.inputs) not in KEYS:
        return ways, unclear
    for parameter in _offered(subject, trial):
        found = _meaning(roomy, parameter.name)
        if isinstance(found, MaskWay):
            own = [found, *_of_rows(found, roomy)]
            ways += _whole(own, roomy) or own
        else:
            unclear.append(_of_context(found, roomy))
    return ways, unclear


def _of_rows(way: MaskWay, trial: Trial) -> list[MaskWay]:
    """Return the same mask with a row for each query, where the module takes that as well."""
    axes, meaning = way.argument.axes, way.argument.meaning
    if is_per_query(axes) or meaning == LENGTHS or way.origin == "evident":
        return []
    for shape in possible_axes(trial.subject.convention.inputs):
        if is_per_query(shape) and "heads" not in "".join(shape):
            rows = replace(way, argument=replace(way.argument, axes=shape, order=()), inside=False)
            look = _look(rows, trial)
            if look and look.hearing is not None and look.hearing.obeys:
                return [look.way]
    return []


def _whole(ways: list[MaskWay], trial: Trial) -> list[MaskWay]:
    """Return a mask of rows that a causal layer takes for all that hides; none where it is not so.

    Language models are handed the future and the padding in one mask, and make a causal one where
    none is given. Where the definition is causal with every option, no mask may undo it, unless its
    caller tells it to be causal, or it has a cache: which tokens are new, its mask alone can tell.
    """
    rows = [way for way in ways if is_per_query(way.argument.axes)]
    options = trial.subject.spec.options
    arguments = trial.subject.convention.arguments
    taken = {argument.parameter for argument in arguments}
    told = any(a.literal and "causal" in a.parameter for a in arguments)
    open_ = any(value in options.get(name, []) for name, value in _OPEN)
    if not rows or not (open_ or told or offered(trial.module(), taken)[0]):
        return []
    try:
        if not bool(hear_masked(rows[0], trial).future_opened.any()):
            return []
        whole = replace(rows[0], whole=True)
        return [whole] if hear_masked(whole, trial).obeys else []
    except (SubjectError, KeyError, RuntimeError):
        return []


def _of_context(one: Unclear, trial: Trial) -> Unclear:
    """Look at a mask that changes nothing once more, with each further input given as well."""
    if one.silent is None:
        return one
    axes = trial.axes()
    for parameter in _offered(trial.subject, trial, masks=False):
        argument = Argument(parameter.name, "context", axes, "", True)
        call = trial.subject.convention
        if len(call.inputs) > 1 or len(axes) != 3 or parameter.default is not None:
            continue
        told = replace(call, arguments=(*call.arguments, argument))
        wider = Trial(trial.subject.called(told), trial.case)
        try:
            wider.run(wider.module(), wider.inputs())
        except (SubjectError, KeyError, RuntimeError):
            continue
        found = _meaning(wider, one.parameter)
        if isinstance(found, MaskWay) and found.origin != "evident" and _obeyed(found, wider):
            return replace(one, otherwise=f"of '{parameter.name}'")
    return one


def _obeyed(way: MaskWay, trial: Trial) -> bool:
    try:
        return hear_masked(way, trial).obeys
    except (SubjectError, KeyError, RuntimeError):
        return False


def _offered(subject: Subject, trial: Trial, *, masks: bool = True) -> list[inspect.Parameter]:
    """Return the optional parameters of ``forward`` that name a mask, or none, and no switch."""
    taken = {argument.parameter for argument in subject.convention.arguments}
    factory: Any = subject.factory
    if isinstance(factory, type):
        parameters = forward_parameters(factory)[1:]
    else:
        parameters = forward_parameters(trial.module())
    return [
        p
        for p in named_parameters(parameters)
        if p.name not in taken
        and (not is_required(p) or p.name in subject.convention.nothing)
        and is_mask_name(p.name) == masks
        and not isinstance(p.default, (bool, int, float, str))
    ]


def _roomy(trial: Trial) -> Trial:
    """Return the trial with a batch of a size of its own, so that no axis is taken for another."""
    subject = trial.subject
    if "B" not in subject.variable:
        return trial
    others = {n for name, n in trial.dims.items() if name != "B"}
    batch = next(n for n in (3, 5, 7, 11, 13, 2) if n not in others or n == 2)
    try:
        roomy = trial.with_case(dims={"B": batch})
        roomy.run(roomy.module(), roomy.inputs())
    except SubjectError:
        return trial
    return roomy


def _fitted(way: MaskWay, trial: Trial) -> MaskWay:
    """Return the way with keys hidden where that is to be heard."""
    if way.argument.meaning == LENGTHS:
        return way
    try:
        behind = hear_masked(way, trial)
        inside = replace(way, inside=True)
        return way if behind.hides or not hear_masked(inside, trial).hides else inside
    except (SubjectError, KeyError, RuntimeError):
        return way


@dataclass(frozen=True)
class _Look:
    """What came of one mask: ``hearing`` is None where it changes no output."""

    way: MaskWay
    hearing: Hearing | None


def _meaning(trial: Trial, name: str) -> MaskWay | Unclear:
    """Find what an optional mask means."""
    if "head" in name.lower():
        return _of_heads(trial, name)
    said = documented_meaning(docstrings(trial.subject), name)
    known = known_meaning(name)
    expected = _SAID.get(said, (known,) if known else ())
    origin = "documented" if said else "named" if known else "found"
    looks: list[_Look] = []
    for look in _looks(trial, name, expected, origin):
        looks.append(look)
        if look.hearing is None:
            continue
        if len(look.way.argument.axes) == 2 and of_other_samples(look.hearing):
            return replace(look.way, origin="evident")  # before a shape fits by broadcasting
        if not look.hearing.obeys:
            continue
        if not expected or look.way.argument.meaning in expected:
            return look.way
        return _contradicted(look, looks, expected, origin)
    changing = [look for look in looks if look.hearing is not None and _tells(look, trial)]
    if not changing:
        quiet = [look for look in looks if look.hearing is None]
        return Unclear(name, _silent(quiet, trial), len(looks))
    if (known and not said) or (said and not may_be_of_queries(name)):
        wrong = [look.way for look in changing if look.way.argument.meaning in expected]
        if wrong and known != LENGTHS and (known or evident_of(wrong[:1], trial)):
            return wrong[0]
    if found := evident_of([look.way for look in changing], trial):
        return replace(found, origin="evident")
    for look in changing:
        if look.hearing and known == LENGTHS and look.hearing.one_too_many:
            return look.way  # lengths beyond doubt, and wrong by one
        if look.hearing is None or not of_rows_alone(look.hearing):
            continue
        if known == LENGTHS and not bool(look.hearing.leaks.any()):
            return look.way
        if may_be_of_queries(name):
            return Unclear(name, None, len(looks), "of queries", look.way)
    return Unclear(name, None, len(looks), changing=changing[0].way)


def _contradicted(
    obeying: _Look, looks: list[_Look], expected: tuple[str, ...], origin: str
) -> MaskWay:
    """Return the mask as it is said to be, where it obeys the opposite with the same axes.

    What is said may be of a model's mask, of which a caller makes one of four axes to be added.
    """
    prepared = len(obeying.way.argument.axes) > 2 or origin != "documented"
    if "additive" in expected or (obeying.way.argument.meaning == "additive" and prepared):
        return obeying.way
    for look in looks:
        same = look.way.argument.axes == obeying.way.argument.axes
        if same and look.hearing is not None and look.way.argument.meaning in expected:
            return look.way
    return replace(obeying.way, origin="found")


def _looks(trial: Trial, name: str, expected: tuple[str, ...], origin: str) -> Iterator[_Look]:
    """Yield what comes of every mask that runs, the expected meanings first."""
    data = trial.subject.convention.inputs
    shapes = [(axes, ()) for axes in possible_axes(data)] + late_batches(data)
    groups = [expected, tuple(m for m in MEANINGS if m not in expected)]
    if known_meaning(name) == LENGTHS:
        shapes, groups = [(usual_axes(LENGTHS, data), ())], [(LENGTHS,)]
    masks = trial.subject.convention.masks
    for meanings in groups:
        for axes, order in shapes:
            for meaning in meanings:
                entry = f"mask {name}" if masks else "mask"
                argument = Argument(name, entry, axes, meaning, True, order=order)
                how = origin if meaning in expected else "found"
                if look := _look(MaskWay(argument, how), trial):
                    yield look


def _look(way: MaskWay, trial: Trial) -> _Look | None:
    """Try one mask, keys hidden behind the others and then between them; None where it raises."""
    found: _Look | None = None
    places = (False,) if way.argument.meaning == LENGTHS else (False, True)
    for inside in places:
        at = replace(way, inside=inside)
        try:
            if not _changes(at, trial):
                found = found or _Look(at, None)
                continue
            hearing = hear_masked(at, trial)
        except (SubjectError, KeyError, RuntimeError):
            return found
        if found is None or found.hearing is None or hearing.obeys:
            found = _Look(at, hearing)
        if hearing.hides:
            break
    return found


def _changes(way: MaskWay, trial: Trial) -> bool:
    """Say whether the mask changes any output at all."""
    masked = Trial(way.applied(trial.subject), trial.case)
    module = masked.module()
    mask = encode(some_hidden(way, masked), way, masked)
    plain = trial.outputs(module, trial.inputs())
    output = masked.outputs(module, {**masked.inputs(), way.argument.input: mask})
    before, after = [plain.main, *plain.others], [output.main, *output.others]
    return len(before) != len(after) or not all(
        a.shape == b.shape and torch.equal(a.isnan(), b.isnan()) and close(_finite(a), _finite(b))
        for a, b in zip(before, after, strict=True)
    )


def _finite(tensor: torch.Tensor) -> torch.Tensor:
    return tensor.detach().nan_to_num()


def _tells(look: _Look, trial: Trial) -> bool:
    """Say whether a mask's values matter: some change nothing but by their shape, or by 0 · -∞."""
    if look.hearing is None or not bool(look.hearing.output.isfinite().any()):
        return False
    way, masked = look.way, Trial(look.way.applied(trial.subject), trial.case)
    hidden = some_hidden(way, masked)
    given = [encode(mask, way, masked) for mask in (hidden, torch.zeros_like(hidden))]
    module = masked.module()
    some, none = (masked.run(module, {**masked.inputs(), way.argument.input: m}) for m in given)
    both = some.isfinite() & none.isfinite()
    return not close(some.detach()[both], none.detach()[both])


def _silent(quiet: list[_Look], trial: Trial) -> MaskWay | None:
    """Return a mask whose hidden keys are heard all the same, None where training is different.

    In a causal layer only keys between others are heard by queries that count.
    """
    training = trial.with_case(train=True)
    for look in quiet[:4]:
        try:
            if _changes(look.way, training):
                return None
        except (SubjectError, KeyError, RuntimeError):
            continue
    ways = (_fitted(look.way, trial) for look in quiet)
    return next((way for way in ways if _hides(way, trial)), None)


def _hides(way: MaskWay, trial: Trial) -> bool:
    try:
        return hear_masked(way, trial).hides
    except (SubjectError, KeyError, RuntimeError):
        return False


def _of_heads(trial: Trial, name: str) -> Unclear:
    """Try a mask of heads: one head is shut."""
    heads = trial.dims.get("heads", 0)
    ran = 0
    for axes in (("heads",), ("1", "heads", "1", "1"), ("B", "heads", "1", "1")):
        if heads < 2:
            break
        argument = Argument(name, "head mask", axes, "valid-01", True)
        masked = Trial(MaskWay(argument, "found").applied(trial.subject), trial.case)
        mask = torch.ones(trial.sizes(axes), dtype=trial.dtype)
        mask.select(axes.index("heads"), 0).zero_()
        try:
            module = masked.module()
            shut = masked.run(module, {**masked.inputs(), "head mask": mask})
            ran += 1
            if not close(shut, trial.run(module, trial.inputs())):
                return Unclear(name, None, ran, "of heads")
        except (SubjectError, KeyError, RuntimeError):
            continue
    return Unclear(name, None, ran)
