"""Make a :class:`Subject`: import it, bind its constructor, find out how it is called."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from attncheck.errors import TargetError
from attncheck.signature.constructor import bind, dims_in_order
from attncheck.signature.convention import Convention, GivenInput
from attncheck.signature.forward import candidates, dims_of, forward_parameters
from attncheck.signature.resolve import Factory, resolve
from attncheck.spec import SpecDocument
from attncheck.subject.layouts import answers, casts_inside, error_of, in_double, stands
from attncheck.subject.pinning import pin_sizes
from attncheck.subject.raising import SubjectError, blamed
from attncheck.subject.stating import into_domain, without_followers
from attncheck.subject.subject import Subject


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


def prepare(spec: SpecDocument, request: Request) -> tuple[Subject, SubjectError | None]:
    """Return the subject and, where no way of building and calling it works, what it raises.

    Raises:
        TargetError: it cannot be imported or bound; nothing could be said of it.
    """
    factory = request.factory or resolve(
        request.target, request.folder, modules_only=request.modules_only
    )
    subject, failure = _prepare(spec, request, factory)
    told = {*subject.binding.fixed, *subject.binding.follows, *request.dims}
    if failure is None or request.factory is None or request.inputs or "C" in told:
        return subject, failure
    # No argument says how wide it is: its own layers do.
    for width in _widths(subject):
        own = replace(request, dims={**request.dims, "C": width})
        other, error = _prepare(spec, own, factory)
        if error is None:
            return replace(other, pinned=other.pinned | {"C"}), None
    return subject, failure


def _widths(subject: Subject) -> list[int]:
    """Return the widths of input that the layers of a module are made for, outermost first."""
    try:
        with blamed("constructor"):
            module = subject.construct(subject.dims)
    except SubjectError:
        return []
    found: list[Any] = []
    for layer in module.modules():
        found += [vars(layer).get(name) for name in _WIDTHS]
        shape = vars(layer).get("normalized_shape")
        found += shape[-1:] if isinstance(shape, tuple) else ()
    found += [size for p in module.parameters() for size in p.shape]
    wide = dict.fromkeys(n for n in found if type(n) is int and 1 < n <= _WIDEST)
    return [n for n in wide if n != subject.dims.get("C")][:_MOST_WIDTHS]


_WIDTHS = ("in_channels", "in_features", "embed_dim", "num_features", "num_channels")
_WIDEST, _MOST_WIDTHS = 2**16, 6


def _prepare(
    spec: SpecDocument, request: Request, factory: Factory
) -> tuple[Subject, SubjectError | None]:
    overrides = dict(request.dims)
    dims = dims_in_order(spec.dims, overrides)
    binding = bind(factory, dims, request.arguments, spec.names, request.target)
    overrides = {**_restrict(binding.fixed, dims), **overrides}
    blank = Convention("", (), tuple(spec.output.split()))
    draft = Subject(
        spec,
        request.name,
        request.target,
        factory,
        binding,
        blank,
        overrides,
        frozenset(binding.fixed),
        device=request.device,
    )
    first: Subject | None = None
    fallback: Subject | None = None
    failure: SubjectError | None = None
    for convention in _candidates(draft, request):
        subject = _with_shapes(draft, convention, request.inputs)
        if subject is None:
            continue
        for dtype in ("float64", "float32"):
            attempt = replace(subject, convention=convention, dtype=dtype)
            error = error_of(attempt)
            if error is None:
                if not answers(attempt):
                    first, failure = first or attempt, None
                elif stands(attempt) and _only_moved(fallback, attempt):
                    return _settled(attempt), None
                else:
                    fallback = fallback or attempt
                break
            if first is None or (failure is not None and dtype == "float64"):
                first, failure = first or attempt, failure or error
    if fallback is not None:
        return _settled(fallback), None
    if first is None:
        raise TargetError(
            "the shapes of --input contradict each other",
            where=request.target,
            instead="all inputs of one call share their batch, and keys and values their length",
        )
    return first, failure


def _settled(subject: Subject) -> Subject:
    """Return the subject with what only trying it can tell."""
    return pin_sizes(in_double(replace(subject, widened=casts_inside(subject))))


def _restrict(fixed: Mapping[str, int], dims: Mapping[str, int]) -> dict[str, int]:
    return {name: size for name, size in fixed.items() if name in dims}


def _candidates(draft: Subject, request: Request) -> list[Convention]:
    """Return the conventions to try; needs one instance to read ``forward``'s signature."""
    parameters = None
    factory: Any = draft.factory
    if isinstance(factory, type):
        parameters = forward_parameters(factory)[1:]
    else:
        try:
            with blamed("constructor"):
                parameters = forward_parameters(draft.construct(draft.dims))
        except SubjectError:
            parameters = []
    spec = draft.spec
    found = candidates(
        parameters,
        spec.calls,
        spec.output,
        spec.layouts,
        request.inputs,
        request.target,
        draft.dims,
    )
    return list(itertools.islice(found, 24))


def _with_shapes(
    draft: Subject, convention: Convention, given: Sequence[GivenInput]
) -> Subject | None:
    """Take dims from the user's shapes; None where these do not fit the convention."""
    stated = dims_of(convention, given)
    if stated is None:
        return None
    shapes = {n: s for n, s in stated.items() if n in draft.dims}
    kept = without_followers(shapes, draft)
    overrides = into_domain(draft, {**draft.overrides, **kept})
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
    return replace(draft, overrides=overrides, pinned=frozenset(pinned))


def _only_moved(fallback: Subject | None, other: Subject) -> bool:
    """Say whether two subjects differ in the order of axes alone: no other call may win."""
    return fallback is None or fallback.convention.call == other.convention.call
