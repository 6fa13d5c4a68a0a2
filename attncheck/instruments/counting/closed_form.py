"""Does a count equal a spec's closed form, for any choice that the spec leaves open?

A formula names dims and options. Options are tried in every combination. A dim that the
module does not take from us (a reduction that it fixes itself) is searched for over small
integers. Last, a width that the spec derives from others (``h = C // r``) may be one of the
module's own, which the explanation then says; it must be a size of the module's own tensors.

``bias*(h + C)`` says that both layers have a bias or none. The definition does not depend on
it, so a count is also the closed form's when each such term is there or not by itself.
"""

from __future__ import annotations

import ast
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from attncheck.data.choices import Choice, Number, flag, numbers, same, small
from attncheck.data.formula import Formula
from attncheck.errors import SpecError
from attncheck.lazy import torch
from attncheck.subject.subject import Subject

_MOST_TRIES = 20_000
"""Evaluations per search; what is not found by then is reported as not found."""
_MOST_IN_ALL = 40_000
"""Evaluations of all searches for one count together: about a second."""

Fit = Callable[[list[Number], set[int]], bool]
"""Says whether formulas' values are one of the counts."""
Term = tuple[int, list[ast.expr]]
"""A coefficient and factors."""

_FUSED = 4
"""Projections that people fuse into one layer, so that its size is a multiple of the width."""


class ClosedForm:
    """Formulas over one subject's dims and its spec's options.

    Args:
        subject: says which dims it takes from us.
        formulas: the formulas' texts.
        search: dims that the module may choose for itself although they are stated.
    """

    def __init__(
        self, subject: Subject, formulas: Sequence[str], search: Sequence[str] = ()
    ) -> None:
        self.subject = subject
        self.formulas = [_parsed(text) for text in formulas]
        self.named: frozenset[str] = frozenset().union(*(f.names for f in self.formulas))
        self.search = tuple(search)
        axes = {axis for a in subject.convention.arguments for axis in a.axes}
        stated = axes | subject.binding.follows | set(subject.binding.fixed)
        self._stated = (stated | set(subject.overrides)) - set(search)

    def explain(
        self,
        dims: Mapping[str, int],
        fits: Callable[[list[Number]], bool],
        *,
        own: bool = True,
        most: int = 2,
        beside: Mapping[str, int] | None = None,
        fits_beside: Callable[[list[Number]], bool] | None = None,
        seen: frozenset[int] = frozenset(),
    ) -> Choice | None:
        """Return the first choice, stated ones first, whose formulas' values fit.

        Args:
            dims: the case's dims.
            fits: says whether the formulas' values are the count.
            own: whether a width that the spec derives may be one of the module's own.
            most: how many dims to search for at once.
            beside: other dims at which the same choice must explain the count there.
            fits_beside: says whether it does.
            seen: sizes of the module's parameters, among which widths of its own must be.
        """
        budget = iter(range(_MOST_IN_ALL))
        for names, chosen in self._levels():
            if (chosen and not own) or len(names) > most:
                continue
            tried = itertools.islice(self._choices(dims, names, chosen), _MOST_TRIES)
            for choice, _ in zip(tried, budget, strict=False):
                if not fits(self.values(choice)) or not self._in_domain(choice):
                    continue
                if not are_seen(choice, dims, self.subject.spec.dims, self.named, seen):
                    continue
                if beside is None or fits_beside is None or self._also(choice, beside, fits_beside):
                    return choice
        return None

    def _also(
        self, choice: Choice, dims: Mapping[str, int], fits: Callable[[list[Number]], bool]
    ) -> bool:
        """Say whether a choice explains a second count; a width of one's own may differ there."""
        if choice.own:
            others = itertools.islice(self._choices(dims, choice.own, choice.own), _MOST_TRIES)
            return any(fits(self.values(other)) for other in others)
        filled = self._fill(dims, choice.found)
        if filled is None:
            return False
        chosen = numbers(self.subject.spec.options, choice.options)
        return fits(self.values(Choice({**filled, **chosen})))

    def stated(self, dims: Mapping[str, int]) -> list[Choice]:
        """Return the choices for the dims as stated, one per combination of options."""
        return list(self._choices(dims, (), ()))

    def values(self, choice: Choice) -> list[Number]:
        """Return the formulas' values; what cannot be evaluated is not a number."""
        found: dict[str, Number] = {}
        for formula in self.formulas:
            if formula.text not in found:
                try:
                    found[formula.text] = formula.evaluate(choice.values)
                except SpecError:
                    found[formula.text] = float("nan")
        return [found[formula.text] for formula in self.formulas]

    def _levels(self) -> Iterator[tuple[tuple[str, ...], tuple[str, ...]]]:
        """Yield (dims to search for, those among them that the spec derives)."""
        yield (), ()
        needed = self._needed()
        free = [n for n in needed if not self._derived(n) and n not in self._stated]
        free += [n for n in self.search if n in needed and n not in free]
        for size in range(1, min(len(free), 2) + 1):
            for names in itertools.combinations(free, size):
                yield names, ()
        for name in needed:
            if self._derived(name) and name not in self._stated and name not in free:
                yield (name,), (name,)

    def _needed(self) -> list[str]:
        """Return the dims that the formulas name, also through other dims."""
        dims = self.subject.spec.dims
        needed: set[str] = set()
        waiting = [name for name in self.named if name in dims]
        while waiting:
            name = waiting.pop()
            needed.add(name)
            value = dims[name]
            if isinstance(value, str) and name not in self._stated:
                waiting += [n for n in _parsed(value).names if n in dims and n not in needed]
        return [name for name in dims if name in needed]

    def _derived(self, name: str) -> bool:
        return isinstance(self.subject.spec.dims.get(name), str)

    def _choices(
        self, dims: Mapping[str, int], names: tuple[str, ...], own: tuple[str, ...]
    ) -> Iterator[Choice]:
        options = self.subject.spec.options
        used = {n: v for n, v in options.items() if {n, *(flag(n, x) for x in v)} & self.named}
        ranges = [small(dims.get(name, 1), dims, len(names)) for name in names]
        for sizes in itertools.product(*ranges):
            found = dict(zip(names, sizes, strict=True))
            filled = self._fill(dims, found)
            if filled is None:
                continue
            for values in itertools.product(*used.values()):
                chosen = dict(zip(used, values, strict=True))
                yield Choice({**filled, **numbers(options, chosen)}, found, own, chosen)

    def _fill(self, dims: Mapping[str, int], found: Mapping[str, int]) -> dict[str, Number] | None:
        """Return every dim; those that follow from a searched one are worked out again."""
        if not found:
            return dict(dims)
        filled: dict[str, Any] = {**dims, **found}
        for name, value in self.subject.spec.dims.items():
            if isinstance(value, str) and name not in found and name not in self._stated:
                try:
                    filled[name] = _parsed(value).evaluate(filled)
                except SpecError:
                    return None
        return filled

    def _in_domain(self, choice: Choice) -> bool:
        dims = {name: int(choice.values[name]) for name in self.subject.spec.dims}
        return not choice.found or self.subject.in_domain(dims)


@lru_cache(maxsize=256)
def _parsed(text: str) -> Formula:
    return Formula(text)


def split(formula: str, options: Mapping[str, Sequence[Any]]) -> tuple[str, list[tuple[str, int]]]:
    """Return the formula without its bias terms, and those: (size, how often it may be there).

    A bias term is a summand with a factor that is an option whose name holds ``bias``.
    """
    switches = {name for name in options if "bias" in name}
    kept: list[str] = []
    biases: list[tuple[str, int]] = []
    for count, factors in _summands(ast.parse(formula.strip(), mode="eval").body):
        rest = [f for f in factors if not (isinstance(f, ast.Name) and f.id in switches)]
        text = "*".join(f"({ast.unparse(factor)})" for factor in rest)
        if len(rest) < len(factors) and count > 0:
            biases.append((text or "1", count))
        else:
            kept.append(f"{count}*{text}" if text else str(count))
    return " + ".join(kept) or "0", biases


def sums(values: Iterable[float], copies: Sequence[int]) -> set[float]:
    """Return every total of the biases' sizes, each there from never to ``copies`` times."""
    ranges = [
        [n * value for n in range(most + 1)] for value, most in zip(values, copies, strict=True)
    ]
    return {sum(chosen) for chosen in itertools.islice(itertools.product(*ranges), 4096)}


def exactly(values: list[Number], counts: set[int]) -> bool:
    """Say whether the formula itself, the first value, is one of the counts."""
    return any(same(values[0], count) for count in counts)


def with_own_biases(copies: list[int]) -> Fit:
    """Return a fit by the values after the first: without biases, then each bias term's size."""

    def fit(values: list[Number], counts: set[int]) -> bool:
        totals = sums(values[2:], copies)
        return any(same(values[1] + extra, count) for extra in totals for count in counts)

    return fit


def _summands(node: ast.expr) -> list[Term]:
    """Multiply out products of sums; anything else is a factor."""
    match node:
        case ast.BinOp(op=ast.Add()):
            return _summands(node.left) + _summands(node.right)
        case ast.BinOp(op=ast.Sub()):
            return _summands(node.left) + [(-n, f) for n, f in _summands(node.right)]
        case ast.BinOp(op=ast.Mult()):
            pairs = itertools.product(_summands(node.left), _summands(node.right))
            return [(a * b, [*left, *right]) for (a, left), (b, right) in pairs]
        case ast.Constant(value=int(number)):
            return [(number, [])]
    return [(1, [node])]


def sizes(module: torch.nn.Module) -> frozenset[int]:
    """Return every size of every axis of the module's parameters; none where any is flat.

    A vector as long as a matrix has entries says nothing of widths.
    """
    shapes = [tuple(p.shape) for p in module.parameters() if p.dim()]
    widest = max((max(s) for s in shapes if len(s) > 1), default=0)
    if any(len(s) == 1 and s[0] > widest for s in shapes):
        return frozenset()
    return frozenset(size for shape in shapes for size in shape)


def are_seen(
    choice: Choice,
    dims: Mapping[str, Number],
    spec_dims: Mapping[str, Any],
    named: frozenset[str],
    seen: frozenset[int],
) -> bool:
    """Say whether the widths that a choice changes are sizes of the module's tensors.

    Args:
        choice: dims that were searched for, and what follows from them.
        dims: the dims as the spec states them.
        spec_dims: the spec's declarations: a formula makes a dim a derived width.
        named: what the count's formula names.
        seen: sizes of the module's parameters; with none of them, nothing is refused.
    """
    if not seen or not choice.found:
        return True
    others = {int(v) for n, v in dims.items() if n not in choice.found}
    for name in named:
        value = choice.values.get(name)
        derived = isinstance(spec_dims.get(name), str)
        if not derived or value is None or value == dims.get(name):
            continue
        width = int(value)
        multiples = {m * width for m in range(2, _FUSED + 1)} - others
        if width not in seen and not multiples & seen:
            return False
    return True
