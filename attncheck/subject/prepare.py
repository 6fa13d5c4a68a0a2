"""Make a :class:`Subject`: import it, bind its constructor, find out how it is called."""

from __future__ import annotations

import inspect
import itertools
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from attncheck.errors import TargetError
from attncheck.signature.binding import Binding
from attncheck.signature.calls import (
    CallsWanted,
    candidates,
    dims_of,
    example,
    guesses,
    unmatched,
    unread_mask,
)
from attncheck.signature.constructor import (
    MissingError,
    bindings,
    dims_in_order,
    parameters_of,
)
from attncheck.signature.convention import Convention, GivenInput
from attncheck.signature.factories import AsItIs
from attncheck.signature.forward import forward_parameters, may_be_none
from attncheck.signature.kept import kept_dims
from attncheck.signature.resolve import Factory, resolve
from attncheck.spec import SpecDocument
from attncheck.subject.attempts import Attempt, tried
from attncheck.subject.hinting import other_sizes, stated_inputs
from attncheck.subject.layouts import (
    fits,
)
from attncheck.subject.misfit import wanted_sizes, widths_of
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.stating import into_domain, with_sides, without_followers
from attncheck.subject.subject import Subject
from attncheck.subject.suggestion import with_inputs, with_values


@dataclass(frozen=True)
class Request:
    """What a user asks to be audited.

    Attributes:
        name: how the report calls it.
        target: ``file.py:Class`` or ``package.module:Class``.
        factory: the class or function itself, where a caller in Python has it at hand.
        folder: what a relative path in ``target`` is relative to.
        arguments: constructor arguments; strings may be formulas over dims.
        dims: dims that differ from the spec's.
        inputs: the call at which the module is meant to work, if stated.
        device: where it is called; ``meta`` for sizes that only shapes can afford.
        modules_only: whether the target is of elsewhere, and no function may be its factory.
    """

    name: str
    target: str
    factory: Factory | None = None
    folder: Path | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
    dims: Mapping[str, int] = field(default_factory=dict)
    inputs: Sequence[GivenInput] = ()
    device: str = "cpu"
    modules_only: bool = False


def prepare(
    spec: SpecDocument,
    request: Request,
    *,
    factory: Factory | None = None,
    trying: bool = True,
    hints: bool = True,
) -> tuple[Subject, SubjectError | None]:
    """Return the subject and, where no way of building and calling it works, what it raises.

    What is assumed is tried in turn: the likeliest binding, the author's own values, other
    meanings of names, other sizes. Only the first works in nearly every case, and costs no more.

    Args:
        spec: what it is called as.
        request: what is built and called.
        factory: what the request's target is, where that is known already.
        trying: whether sizes and calls that only trying can tell are looked for.
        hints: whether an error says what to type, which is looked for by trying.

    Raises:
        TargetError: it cannot be imported or bound; nothing could be said of it.
    """
    factory = factory or resolved(request)
    try:
        return _prepare(spec, request, factory, trying=trying, hints=hints)
    except MissingError as error:
        if not hints:
            raise
        raise with_values(error, request, lambda other: _plain(spec, other, factory)) from None


def resolved(request: Request) -> Factory:
    """Return the class or function that is asked about; its file runs anew.

    Raises:
        TargetError: it cannot be imported, or makes no module.
    """
    return request.factory or resolve(
        request.target, request.folder, modules_only=request.modules_only
    )


def _prepare(
    spec: SpecDocument, request: Request, factory: Factory, *, trying: bool, hints: bool
) -> tuple[Subject, SubjectError | None]:
    best: Attempt | None = None
    for attempt in _attempts(spec, request, factory, trying=trying, hints=hints):
        if attempt.works:
            return attempt.subject, None
        if best is None or (best.failure is not None and attempt.failure is None):
            best = attempt
    assert best is not None
    if best.failure is None and best.subject.convention.guessed:
        raise unread_mask(best.subject.convention, request.target, stated_inputs(best.subject))
    return best.subject, best.failure


def _attempts(
    spec: SpecDocument, request: Request, factory: Factory, *, trying: bool, hints: bool
) -> Iterator[Attempt]:
    """Yield what comes of each assumption: bindings, other sizes, masks and other forms."""
    dims = dims_in_order(spec.dims, request.dims)
    first: Attempt | None = None
    drafts: list[Subject] = []
    given = {**_of_definition(factory, dims), **request.arguments}
    for binding in bindings(factory, dims, given, spec.names, request.target):
        drafts.append(_draft(spec, request, factory, binding))
        if attempt := tried(_called(drafts[-1], request), request.inputs):
            yield attempt
            first = first or attempt
    if first is not None and (first.failure is None or not trying):
        return
    if first is not None:
        yield from _misfitting(drafts, request, lengths=False)
        yield from _elsewhere(spec, request, factory, first.subject)
        yield from _misfitting(drafts, request, lengths=True)
    guessed = False
    for draft in drafts[: _MOST_GUESSED if trying else 0]:
        if attempt := tried(_guessed(draft, request), request.inputs, guessed=True):
            guessed = True
            yield attempt
    if first is None and not guessed:
        raise _unmatched(drafts[0], request, lambda other: hints and _works(spec, other, factory))


def _works(spec: SpecDocument, request: Request, factory: Factory) -> bool:
    """Say whether a request's likeliest binding can be built and called as it is stated."""
    return _plain(spec, request, factory) is not None


def _plain(spec: SpecDocument, request: Request, factory: Factory) -> Subject | None:
    """Return the subject of a request's likeliest binding, None where it raises."""
    dims = dims_in_order(spec.dims, request.dims)
    try:
        bound = bindings(factory, dims, request.arguments, spec.names, request.target)
        draft = _draft(spec, request, factory, next(bound))
        attempt = tried(_called(draft, request), request.inputs)
    except TargetError:
        return None
    return attempt.subject if attempt is not None and attempt.failure is None else None


def _of_definition(factory: Factory, dims: Mapping[str, int]) -> dict[str, str]:
    """Return the dims that a definition takes by their own names: a spec says its sizes."""
    from attncheck.reference.mechanism import Mechanism

    if not isinstance(factory, Mechanism):
        return {}
    return {name: name for name in parameters_of(factory) if name in dims}


def _elsewhere(
    spec: SpecDocument, request: Request, factory: Factory, subject: Subject
) -> Iterator[Attempt]:
    """Yield what comes of other sizes than the spec's, where none is stated."""
    for change in (*_own_widths(request, subject), *other_sizes(subject, request)):
        other = replace(request, dims={**request.dims, **change})
        attempt = tried(_called(_draft(spec, other, factory, subject.binding), other), other.inputs)
        if attempt is not None:
            found = replace(attempt.subject, pinned=attempt.subject.pinned | set(change))
            told = ", ".join(f"{name}={size}" for name, size in change.items())
            yield replace(attempt, subject=replace(found, tried=f"{told}, found by trying"))


def _misfitting(drafts: list[Subject], request: Request, *, lengths: bool) -> Iterator[Attempt]:
    """Yield what comes of the sizes that a module's errors ask for, where none is stated."""
    for draft in drafts[:_MOST_GUESSED] if not request.inputs else ():
        for subject in itertools.islice(_called(draft, request), _MOST_MISFITS):
            for found in wanted_sizes(subject, lengths=lengths):
                calls = _called(replace(found, convention=draft.convention), request)
                if (attempt := tried(calls, request.inputs)) is not None and attempt.works:
                    yield replace(attempt, subject=replace(attempt.subject, tried=found.tried))


def _own_widths(request: Request, subject: Subject) -> list[dict[str, int]]:
    """Return the widths of an instance, or of what a factory makes, where no argument says them."""
    told = {*subject.binding.fixed, *subject.binding.follows, *request.dims}
    if request.factory is None or request.inputs or "C" in told:
        return []
    return [{"C": width} for width in widths_of(subject)]


_MOST_MISFITS = 12
"""Calls whose errors are asked for other sizes."""
_MOST_CALLS, _MOST_GUESSES, _MOST_GUESSED = 36, 240, 2
"""Plain calls, calls that only trying can tell, and for how many bindings these are tried."""


def _draft(spec: SpecDocument, request: Request, factory: Factory, binding: Binding) -> Subject:
    """Return the subject before it is known how it is called."""
    dims = dims_in_order(spec.dims, request.dims)
    kept = kept_dims(factory.module, dims, spec.names) if isinstance(factory, AsItIs) else {}
    return Subject(
        spec,
        request.name,
        request.target,
        factory,
        binding,
        Convention("", (), tuple(spec.output.split())),
        {**kept, **{n: size for n, size in binding.fixed.items() if n in dims}, **request.dims},
        frozenset(binding.fixed),
        device=request.device,
        told=frozenset(request.dims),
    )


def _called(draft: Subject, request: Request) -> Iterator[Subject]:
    """Yield the subject under each plain call; last where a stated width is another one's."""
    found = candidates(_parameters(draft), _asked(draft, request), _source(draft.factory))
    yield from _shaped(draft, request, itertools.islice(found, _MOST_CALLS))


def _guessed(draft: Subject, request: Request) -> Iterator[Subject]:
    """Yield the subject under each call that only trying can tell."""
    source = _source(draft.factory)
    found = guesses(_parameters(draft), _asked(draft, request), draft.dims, source)
    yield from _shaped(draft, request, itertools.islice(found, _MOST_GUESSES))


def _shaped(
    draft: Subject, request: Request, conventions: Iterator[Convention]
) -> Iterator[Subject]:
    later: list[Subject] = []
    nothing = may_be_none(_seen(draft))
    for convention in conventions:
        shaped = _with_shapes(draft, convention, request.inputs)
        if shaped is None:
            continue
        absent = convention.nothing | nothing
        known = replace(convention, stated=bool(request.inputs), nothing=absent)
        subject = replace(shaped, convention=known)
        if not fits(subject):
            continue
        width = draft.binding.fixed.get("C")
        if request.inputs and width is not None and subject.dims.get("C") != width:
            later.append(subject)
        else:
            yield subject
    yield from later


def _asked(draft: Subject, request: Request) -> CallsWanted:
    spec = draft.spec
    return CallsWanted(spec.calls, spec.output, spec.layouts, request.inputs, bool(spec.reference))


def _parameters(draft: Subject) -> list[inspect.Parameter]:
    """Return ``forward``'s parameters; of what is no class an instance must be built."""
    seen = _seen(draft)
    return forward_parameters(seen)[1:] if isinstance(seen, type) else forward_parameters(seen)


def _seen(draft: Subject) -> Any:
    """Return the class, or what else its factory builds; None where it builds nothing."""
    if isinstance(draft.factory, type):
        return draft.factory
    try:
        with blamed("constructor"):
            return draft.construct(draft.dims)
    except SubjectError:
        return None


def _source(factory: Factory) -> str:
    """Return the text of the file in which a class stands, "" where there is none."""
    try:
        return inspect.getsource(sys.modules[factory.__module__])
    except (KeyError, OSError, TypeError, AttributeError):
        return ""


def _unmatched(draft: Subject, request: Request, works: Callable[[Request], bool]) -> TargetError:
    """Return why none of the spec's calls can be meant."""
    parameters, asked = _parameters(draft), _asked(draft, request)
    if any(True for _ in candidates(parameters, asked)):
        return TargetError(
            "the shapes of --input contradict each other",
            where=request.target,
            instead="all inputs of one call share their batch, and keys and values their length",
        )
    error = unmatched(parameters, asked.calls, request.target, draft.dims)
    if request.inputs:
        return error
    shapes = example(asked.calls, parameters, draft.dims)
    return with_inputs(error, request, shapes, draft.dims, works)


def _with_shapes(
    draft: Subject, convention: Convention, given: Sequence[GivenInput]
) -> Subject | None:
    """Take dims from the user's shapes; None where these do not fit the convention."""
    stated = dims_of(convention, given, draft.dims)
    if stated is None:
        return None
    shapes = {n: s for n, s in stated.items() if n in draft.dims}
    kept = without_followers(shapes, draft)
    overrides = into_domain(draft, with_sides(draft, convention, {**draft.overrides, **kept}))
    axes = {axis for own in convention.inputs.values() for axis in own}
    if "M" in axes and draft.spec.dims.get("M") == "N":
        # As many keys as queries would hide which of the two an axis belongs to.
        overrides.setdefault("M", overrides.get("N", draft.dims["N"]) + 4)
    # A number below the stated length is no largest length: "block" was a block of tokens.
    fixed = draft.binding.fixed
    other = {n for n in ("N", "M") if shapes.get(n, 0) > fixed.get(n, shapes.get(n, 0))}
    pinned = set(draft.pinned) - other
    if draft.binding.literal and "C" not in draft.binding.follows:
        pinned.add("C")
    told = frozenset({*shapes, *draft.told})
    return replace(draft, overrides=overrides, pinned=frozenset(pinned), told=told)
