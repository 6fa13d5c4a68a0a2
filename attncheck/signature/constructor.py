"""Bind a constructor's parameters: what is stated, the author's defaults, dims by their names."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from attncheck.data.formula import evaluate
from attncheck.errors import TargetError
from attncheck.signature.binding import (
    AUTHORS,
    STATED,
    Binding,
    formulas_in,
    is_formula,
)
from attncheck.signature.configs import config_maker, named_object
from attncheck.signature.guesses import SIZES, WIDTHS, Guess, optional_guesses, required_guesses
from attncheck.signature.names import dim_alike, dim_guessed, dim_named, with_sides
from attncheck.signature.resolve import Factory
from attncheck.signature.usage import use_of

_MOST = 32
"""How many ways of building a module are tried where the first does not work."""
_DEEPEST = 2
"""Configs in configs."""


@dataclass
class _Plan:
    """What may be given to one constructor, or to what makes a config.

    Attributes:
        stated: what is bound already.
        choices: parameter -> its guesses, likeliest first.
        parts: parameter -> what makes a config, and what that may be given.
        optional: parts that the author's default stands for, tried only where that fails.
        missing: parameters, with the config's name before a field's, that nothing is known of.
    """

    stated: Binding = field(default_factory=Binding)
    choices: dict[str, list[Guess]] = field(default_factory=dict)
    parts: dict[str, tuple[Any, _Plan]] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def every(self) -> Iterator[list[Guess]]:
        """Yield the guesses of each parameter, those of configs too, in a fixed order."""
        yield from self.choices.values()
        for _, plan in self.parts.values():
            yield from plan.every()


def bindings(
    factory: Factory,
    dims: Mapping[str, int],
    given: Mapping[str, Any],
    names: Mapping[str, list[str]],
    target: str,
) -> Iterator[Binding]:
    """Yield the ways to bind every parameter that needs a value or means a dim, likeliest first.

    Args:
        factory: the class or function that makes the module.
        dims: the spec's dims at the default case.
        given: arguments from ``--init`` or the spec; a string that is a formula over the dims
            follows them, anything else is a literal; ``config.n_embd`` is a field of a config.
        names: the spec's own parameter names of dims.
        target: what the user typed, for messages.

    Raises:
        TargetError: a parameter has no value, or an argument has no parameter.
    """
    plan = _plan(factory, factory, dims, given, names, target, _DEEPEST)
    if plan.missing:
        raise MissingError(plan.missing, dims, target)
    for chosen in itertools.islice(_choices([*plan.every()]), _MOST):
        yield _bound(plan, iter(chosen))


def bind(
    factory: Factory,
    dims: Mapping[str, int],
    given: Mapping[str, Any],
    names: Mapping[str, list[str]],
    target: str,
) -> Binding:
    """Return the likeliest of :func:`bindings`."""
    return next(bindings(factory, dims, given, names, target))


class MissingError(TargetError):
    """Parameters of the constructor have no value, and their names say nothing.

    Attributes:
        names: the parameters.
    """

    def __init__(self, names: list[str], dims: Mapping[str, int], target: str) -> None:
        self.names = names
        words = " and ".join(f"'{name}'" for name in names)
        super().__init__(
            f"no value for the constructor's parameter{'s' if names[1:] else ''} {words}",
            where=target,
            instead=f"add: {' '.join(f'--init {name}=VALUE' for name in names)} "
            f"(a literal, or a dim: {', '.join(dims)})",
        )


def _plan(
    maker: Any,
    factory: Factory,
    dims: Mapping[str, int],
    given: Mapping[str, Any],
    names: Mapping[str, list[str]],
    target: str,
    deep: int,
    config: Mapping[str, inspect.Parameter] | None = None,
) -> _Plan:
    parameters = parameters_of(maker) if config is None else config
    takes_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
    named = {n: p for n, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    names = with_sides(named, names)
    own, fields = _split(given)
    plan = _Plan()
    for name in (*own, *fields):
        if name not in named and not takes_any:
            raise TargetError(
                f"the constructor has no parameter '{name}'",
                where=target,
                instead=f"it takes: {', '.join(named) or 'none'}",
            )
    sure = {name: dim_named(name, dims, names) for name in named}
    for name, value in own.items():
        # A short name means a dim only where no other parameter's own name does.
        taken = {dim for other, dim in sure.items() if dim and other != name}
        _bind_given(plan.stated, name, value, named.get(name), dims, names, factory, taken)
    free = {n: p for n, p in named.items() if n not in own}
    waiting: list[inspect.Parameter] = []
    for name, parameter in free.items():
        use = use_of(factory, name) if maker is factory else use_of(maker, name)
        made = config_maker(factory, parameter, use) if deep else None
        if made and (_is_required(parameter) or name in fields or made.stands):
            inner = _plan(
                made.make, factory, dims, fields.get(name, {}), names, target, deep - 1, made.fields
            )
            plan.parts[name] = (made.make, inner)
            plan.missing += [f"{name}.{one}" for one in inner.missing]
        elif name in fields:
            raise TargetError(f"'{name}' has no fields that are known", where=target)
        elif not _is_required(parameter):
            if guesses := optional_guesses(parameter, dims, names, use):
                plan.choices[name] = guesses
        else:
            waiting.append(parameter)
    _required(plan, waiting, dims, names, factory if maker is factory else maker)
    return plan


def _required(
    plan: _Plan,
    waiting: list[inspect.Parameter],
    dims: Mapping[str, int],
    names: Mapping[str, list[str]],
    maker: Any,
) -> None:
    """Find guesses for parameters without a default: those with plain names first."""
    taken = set(plan.stated.fixed)
    taken |= {n for t in plan.stated.symbolic.values() for f in formulas_in(t) for n in f.names}
    taken |= {dim for p in waiting if (dim := dim_named(p.name, dims, names))}
    for parameter in waiting:
        use = use_of(maker, parameter.name)
        guesses = required_guesses(parameter, dims, names, use, taken)
        if guesses:
            plan.choices[parameter.name] = guesses
            taken |= {n for f in formulas_in(guesses[0].text or "1") for n in f.names}
        else:
            plan.missing.append(parameter.name)


def _choices(every: list[list[Guess]]) -> Iterator[list[Guess]]:
    """Yield one guess for each parameter: the likeliest of all, our sizes, the author's own of
    all, then one parameter after another is given something else, then two at once.
    """
    first = [guesses[0] for guesses in every]
    seen = [first]
    yield first
    sized = [next((g for g in guesses if g.text in SIZES), guesses[0]) for guesses in every]
    own = [next((g for g in guesses if g.origin == AUTHORS), guesses[0]) for guesses in every]
    fixing = [
        next((g for g in guesses if g.origin == AUTHORS and g.fixes), guesses[0])
        for guesses in every
    ]
    changes = [(at, g) for at, guesses in enumerate(every) for g in guesses[1:]]
    changes.sort(key=lambda change: change[1].origin != AUTHORS)
    several = [
        [dict(some).get(at, guess) for at, guess in enumerate(first)]
        for some in (*((c,) for c in changes), *itertools.combinations(changes, 2))
    ]
    for chosen in (sized, own, fixing, *several):
        if chosen not in seen:
            seen.append(chosen)
            yield chosen


def _bound(plan: _Plan, chosen: Iterator[Guess]) -> Binding:
    """Return the binding of what is stated and of one guess for each other parameter."""
    stated = plan.stated
    found = Binding(
        dict(stated.symbolic),
        dict(stated.literal),
        dict(stated.fixed),
        origins=dict(stated.origins),
    )
    for name, guesses in plan.choices.items():
        guess = next(chosen)
        if guess.text in WIDTHS:
            found.widths.update(next((g.fixes for g in guesses if g.fixes), {}))
        for dim, size in guess.fixes.items():
            found.fixed.setdefault(dim, size)
        if guess.left_out:
            if guess.fixes:
                found.defaults[name] = next(iter(guess.fixes.values()))
                found.origins[name] = guess.origin
            continue
        found.origins[name] = guess.origin
        if guess.text:
            found.symbolic[name] = guess.text
        else:
            found.literal[name] = guess.value
    for name, (make, inner) in plan.parts.items():
        part = _bound(inner, chosen)
        found.parts[name] = (make, part)
        for dim, size in part.fixed.items():
            found.fixed.setdefault(dim, size)
        found.widths.update(part.widths)
    return found


def _split(given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """Return the arguments, and those of the form ``config.n_embd`` by their configs."""
    own: dict[str, Any] = {}
    fields: dict[str, dict[str, Any]] = {}
    for name, value in given.items():
        holder, dot, rest = name.partition(".")
        if dot:
            fields.setdefault(holder, {})[rest] = value
        else:
            own[name] = value
    return own, fields


def _is_required(parameter: inspect.Parameter) -> bool:
    return parameter.default is inspect.Parameter.empty


def _bind_given(
    binding: Binding,
    name: str,
    value: Any,
    parameter: inspect.Parameter | None,
    dims: Mapping[str, int],
    names: Mapping[str, list[str]],
    factory: Factory,
    taken: set[str],
) -> None:
    """Bind an argument that was stated; a literal fixes the dim that its parameter means."""
    binding.origins[name] = STATED
    if isinstance(value, str) and is_formula(value, dims):
        binding.symbolic[name] = value
        return
    if isinstance(value, str) and parameter is not None:
        value = named_object(factory, value)
    binding.literal[name] = value
    dim = dim_named(name, dims, names)
    if not dim and parameter is not None and _is_required(parameter):
        dim = dim_alike(name, dims)
    dim = dim or dim_guessed(name, dims, {*binding.fixed, *taken})
    for attribute, held in getattr(value, "__dict__", {}).items() if not callable(value) else ():
        # A config says by its fields what a constructor says by its parameters.
        inner, number = dim_named(attribute, dims, names), _number(held)
        if inner and inner != "size" and number is not None:
            binding.fixed.setdefault(inner, number)
    if dim == "size" and isinstance(value, (tuple, list)) and len(value) == 2:
        binding.fixed.update(H=int(value[0]), W=int(value[1]))
    elif dim == "size" and isinstance(value, int):
        binding.fixed.update(H=value, W=value)
    elif dim in dims and (number := _number(value)) is not None:
        binding.fixed.setdefault(dim, number)


def parameters_of(factory: Factory) -> dict[str, inspect.Parameter]:
    """Return the parameters of a constructor by name; none where it has no signature."""
    try:
        return dict(inspect.signature(factory).parameters)
    except (TypeError, ValueError):
        return {}


def _number(value: Any) -> int | None:
    """Return a literal as one number: an integer, or a pair of equal ones (``window=(7, 7)``)."""
    if isinstance(value, (tuple, list)) and len(value) == 2 and value[0] == value[1]:
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def dims_in_order(dims: Mapping[str, Any], overrides: Mapping[str, int | float]) -> dict[str, int]:
    """Return every dim's value: overrides first, then literals and formulas in their order."""
    values: dict[str, Any] = {}
    for name, value in dims.items():
        values[name] = overrides[name] if name in overrides else evaluate(value, values)
    return {**values, **{n: v for n, v in overrides.items() if n not in values}}
