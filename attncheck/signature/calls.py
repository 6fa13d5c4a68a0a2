"""The ways in which a module may be called, likeliest first.

Plain calls in the spec's layouts come first; then what only trying can tell: tables of
positions, masks whose meaning nobody says, inputs of another form. Where nothing fits, the error
holds the line to type.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from attncheck.errors import TargetError
from attncheck.signature.convention import (
    LENGTHS,
    MEANINGS,
    Argument,
    Convention,
    Form,
    GivenInput,
)
from attncheck.signature.forward import (
    axis_meant,
    data_parameters,
    is_required,
    match,
    named_parameters,
    number_parameters,
)
from attncheck.signature.masks import (
    is_mask_name,
    known_meaning,
    late_batches,
    possible_axes,
    usual_axes,
)
from attncheck.signature.tables import is_observed, later_mask, table_arguments

_AS_MAP, _FRAMES = "tokens as a feature map", "frames of positions"
_COLUMNS = 2
"""How wide a map of tokens is where nobody says it: higher than wide."""
Calls = Mapping[str, Mapping[str, str]]
Layouts = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class CallsWanted:
    """What a module is to be called for.

    Attributes:
        calls: the spec's calls. In a call, an input without axes is a dim passed as a number,
            and ``returns`` are the axes of the output where they are not the spec's.
        output: the axes of the spec's output.
        layouts: the spec's other orders of axes.
        given: the call that the user states.
        defined: whether the spec defines a mechanism: a contract is of one kind of input alone.
    """

    calls: Calls
    output: str
    layouts: Layouts
    given: Sequence[GivenInput] = ()
    defined: bool = True


def candidates(
    parameters: Sequence[inspect.Parameter], asked: CallsWanted, source: str = ""
) -> Iterator[Convention]:
    """Yield the plain ways in which the module may be called, likeliest first.

    Args:
        parameters: of ``forward``, without ``self``.
        asked: the spec's calls and what is stated.
        source: the text in which the module is written.
    """
    stated = [g for g in asked.given if g.axes and not g.meaning]
    for extra in _extras(parameters, source):
        for name, inputs in _by_fit(asked.calls, parameters, asked.given):
            layouts = dict(asked.layouts)
            if stated:
                layouts["as stated"] = _stated(inputs, asked.output, stated)
            own = replace(asked, layouts=layouts)
            yield from _in_layouts(parameters, name, inputs, own, extra)


def guesses(
    parameters: Sequence[inspect.Parameter],
    asked: CallsWanted,
    dims: Mapping[str, int],
    source: str = "",
) -> Iterator[Convention]:
    """Yield what only trying can tell: masks that nobody explains, inputs of another form.

    Args:
        parameters: of ``forward``, without ``self``.
        asked: the spec's calls and what is stated.
        dims: the default case.
        source: the text in which the module is written.
    """
    fitting = _by_fit(asked.calls, parameters, asked.given)
    masked = [p for p in named_parameters(parameters) if is_mask_name(p.name)]
    for form, given in _forms(asked.given, dims):
        if not asked.defined and not asked.given and form.words in (_AS_MAP, _FRAMES):
            continue
        for name, inputs in fitting:
            changed = replace(asked, layouts={}, given=given)
            for convention in _in_layouts(parameters, name, inputs, changed, {}):
                yield replace(convention, form=form)
    if any(g.meaning for g in asked.given):
        return
    if needed := frozenset(p.name for p in masked if is_required(p)):  # its parts may do without
        optional = [p.replace(default=None) if p.name in needed else p for p in parameters]
        for convention in candidates(optional, asked, source):
            yield replace(convention, nothing=needed)
    if len(masked) == 1:
        yield from _masked(parameters, masked[0], fitting, asked)


def alternatives(convention: Convention) -> Iterator[Convention]:
    """Yield calls that run as well as this one does, and that mean something else.

    A table laid out for halves where the module takes pairs, a mask that its caller fills with
    what is later: who states a mask does not say what it hides.
    """
    made = [a for a in convention.arguments if a.made and not is_observed(a.made)]
    if made:
        swap = {"in halves": "in pairs", "in pairs": "in halves"}
        changed = tuple(
            replace(a, made=re.sub("in (halves|pairs)", lambda m: swap[m[0]], a.made))
            for a in convention.arguments
        )
        if changed != convention.arguments:
            yield replace(convention, arguments=changed)
    for mask in convention.masks:
        if len(mask.axes) > 1 and mask.axes[-1] == mask.axes[-2] != "1":
            table = later_mask(mask.meaning, mask.order or mask.axes)
            later = Argument(mask.parameter, "", (), keyword=mask.keyword, made=table)
            changed = tuple(later if a == mask else a for a in convention.arguments)
            yield replace(convention, arguments=changed, guessed=False)


def _extras(
    parameters: Sequence[inspect.Parameter], source: str
) -> Iterator[Mapping[str, Argument]]:
    """Yield the tables that a call needs, nothing where it needs none."""
    tables = table_arguments(parameters, source)
    first = next(tables, None)
    yield first or {}
    yield from tables


def _in_layouts(
    parameters: Sequence[inspect.Parameter],
    name: str,
    inputs: Mapping[str, str],
    asked: CallsWanted,
    extra: Mapping[str, Argument],
) -> Iterator[Convention]:
    """Yield one call of the spec in each order of axes that its inputs may have."""
    axes = tuple(inputs.get("returns", asked.output).split())
    for layout, orders in {"": {}, **asked.layouts}.items():
        pairs = tuple((tuple(a.split()), tuple(b.split())) for a, b in orders.items())
        arguments = match(parameters, inputs, asked.given, pairs, extra)
        if arguments is None:
            if not any(g.axes for g in asked.given):
                return
            continue
        if not layout or any(a == argument.axes for a, _ in pairs for argument in arguments):
            own = tuple((a.axes, a.order) for a in arguments if a.order)
            yield Convention(name, arguments, axes, layout, (*pairs, *own))


def _stated(
    inputs: Mapping[str, str], output: str, given: Sequence[GivenInput]
) -> Mapping[str, str]:
    """Return the order of axes that a user states: of the inputs, and of the output alike."""
    orders: dict[str, str] = {}
    for axes in [*(a for n, a in inputs.items() if a and n != "returns"), output]:
        ours = axes.split()
        for entry in given:
            theirs = [axis_meant(letter, ours) for letter in entry.axes]
            if sorted(theirs) == sorted(ours) and theirs != ours:
                orders.setdefault(axes, " ".join(theirs))
    return orders


def _masked(
    parameters: Sequence[inspect.Parameter],
    parameter: inspect.Parameter,
    fitting: Sequence[tuple[str, Mapping[str, str]]],
    asked: CallsWanted,
) -> Iterator[Convention]:
    """Yield calls with a mask of which nobody says what it means: every shape and meaning."""
    for name, inputs in fitting:
        data = {n: tuple(axes.split()) for n, axes in inputs.items() if axes and n != "returns"}
        known = known_meaning(parameter.name)
        shapes = [(axes, ()) for axes in possible_axes(data)] + late_batches(data)
        if known_meaning(parameter.name) == LENGTHS:
            shapes = [(usual_axes(LENGTHS, data), ())]
        for (axes, order), meaning in itertools.product(shapes, (known,) if known else MEANINGS):
            mask = Argument(parameter.name, "mask", axes, meaning, order=order)
            extra = {parameter.name: mask}
            for convention in _in_layouts(parameters, name, inputs, asked, extra):
                yield replace(convention, guessed=True)


def _forms(
    given: Sequence[GivenInput], dims: Mapping[str, int]
) -> Iterator[tuple[Form, list[GivenInput]]]:
    """Yield other forms of inputs, with what is stated put into ours."""
    data = [g for g in given if not g.meaning and not g.is_settled]
    heads = dims.get("heads", 0)
    if not data:
        yield Form("one sample at a time", unbatched=True), [*given]
        if heads:
            cut = Form("heads cut already", ("C", "D", "C2"), (heads, -1), (0, 2, 1, 3))
            yield cut, [*given]
        if "H" in dims:
            yield Form("a volume of one slice", ("H",), (1, -1)), [*given]
        if "N" in dims:
            yield Form(_AS_MAP, ("N", "M"), (-1, _COLUMNS), (0, 3, 1, 2)), [*given]
            yield Form(_FRAMES, ("N", "M"), (-1, _COLUMNS)), [*given]
        return
    ranks = {len(g.shape) for g in data}
    if ranks <= {2, 3}:
        stacked = [replace(g, shape=(2, *g.shape)) if g in data else g for g in given]
        yield Form("one sample at a time", unbatched=True), stacked
    if ranks == {4} and "N" in dims:
        if len({g.shape[1] for g in data}) == 1:
            h = data[0].shape[1]
            form = Form("heads cut already", ("C", "D", "C2"), (h, -1), (0, 2, 1, 3))
            yield form, [_shaped(g, (0, 2, 1, 3), 2) if g in data else g for g in given]
        frames = Form(_FRAMES, ("N", "M", "G"), (-1, data[0].shape[2]))
        yield frames, [_shaped(g, (), 1) if g in data else g for g in given]
        as_map = Form(_AS_MAP, ("N", "M"), (-1, data[0].shape[3]), (0, 3, 1, 2))
        yield as_map, [_shaped(g, (0, 2, 3, 1), 1) if g in data else g for g in given]
    if ranks == {5} and "H" in dims:
        slices = Form("slices of a volume", ("H",), (-1, data[0].shape[3]))
        yield slices, [_shaped(g, (), 2) if g in data else g for g in given]
    if ranks == {5} and "N" in dims:
        frames = Form(_FRAMES, ("N", "M", "G"), (-1, *data[0].shape[2:4]))
        yield frames, [_shaped(_shaped(g, (), 1), (), 1) if g in data else g for g in given]


def _shaped(given: GivenInput, order: tuple[int, ...], at: int) -> GivenInput:
    """Return what is stated with two axes put together, after they are put in this order."""
    shape = tuple(given.shape[i] for i in order) if order else given.shape
    return replace(given, shape=(*shape[:at], shape[at] * shape[at + 1], *shape[at + 2 :]))


def _by_fit(
    calls: Mapping[str, Mapping[str, str]],
    parameters: Sequence[inspect.Parameter],
    given: Sequence[GivenInput],
) -> list[tuple[str, Mapping[str, str]]]:
    """Order the spec's calls: those that need exactly the required arguments first."""
    required = [p for p in data_parameters(parameters) if p.default is inspect.Parameter.empty]
    data = [g for g in given if not g.meaning and not g.is_settled]
    wanted = len(data) or len(required) or 1

    def distance(item: tuple[str, Mapping[str, str]]) -> int:
        return abs(len([n for n, axes in item[1].items() if axes and n != "returns"]) - wanted)

    return sorted(calls.items(), key=distance)


def dims_of(
    convention: Convention, given: Sequence[GivenInput], sizes: Mapping[str, int]
) -> dict[str, int] | None:
    """Return the dims that the user's shapes give; None where they contradict each other.

    Args:
        convention: how the module is called.
        given: the user's inputs.
        sizes: the base case's dims, which say what forms there are.
    """
    dims: dict[str, int] = {}
    if convention.form is not None:
        given = next((g for form, g in _forms(given, sizes) if form == convention.form), given)
    left = [argument for argument in convention.arguments if argument.axes]
    for number in (a for a in convention.arguments if a.input and not a.axes):
        stated = [g.shape for g in given if g.name == number.parameter and len(g.shape) == 1]
        if stated:
            dims[number.input] = stated[0][0]
    for entry in sorted(given, key=lambda entry: not entry.name):
        argument = next(
            (a for a in left if _is_meant(a, entry)),
            None,
        )
        if argument is None:
            continue
        left.remove(argument)
        order = convention.permutation(argument.axes)
        axes = tuple(argument.axes[i] for i in order) if order else argument.axes
        for axis, size in zip(axes, entry.shape, strict=False):
            if not axis.isdigit() and dims.setdefault(axis, size) != size:
                return None
    return dims


def _is_meant(argument: Argument, entry: GivenInput) -> bool:
    if entry.name:
        return argument.parameter == entry.name
    return bool(argument.meaning) == bool(entry.meaning)


def unmatched(
    parameters: Sequence[inspect.Parameter],
    calls: Calls,
    target: str,
    dims: Mapping[str, int],
) -> TargetError:
    """Return the error that says what is missing, and the line to type."""
    shapes = example(calls, parameters, dims)
    shape = " ".join(f"--input {'x'.join(map(str, sizes))}" for sizes in shapes)
    wanted = ", ".join(p.name for p in named_parameters(parameters))
    return TargetError(
        f"cannot tell what forward({wanted}) is to be called with",
        where=target,
        instead=f"add one --input per positional argument, such as {shape}; "
        "a mask adds its meaning: --input 2x8:pad-true",
    )


def unread_mask(convention: Convention, target: str, inputs: Sequence[str]) -> TargetError:
    """Return the error for a mask that is needed and of which trying does not tell the meaning.

    Args:
        convention: a call with it that runs.
        target: what the user typed.
        inputs: that call as ``--input`` takes it.
    """
    mask = convention.masks[0]
    options = " ".join(f"--input {text}" for text in inputs)
    return TargetError(
        f"forward needs the mask '{mask.parameter}', and nothing says what it means",
        where=target,
        instead=f"add its shape and meaning: {options} (:pad-true where True is padding, "
        ":valid-true, :valid-01 or :additive)",
    )


def example(
    calls: Calls, parameters: Sequence[inspect.Parameter], dims: Mapping[str, int]
) -> list[tuple[int, ...]]:
    """Return the shapes of the likeliest call, one for each input that ``forward`` needs."""
    count = len([p for p in data_parameters(parameters) if is_required(p)]) or 1
    numbers = bool(number_parameters(parameters))
    shapes: list[tuple[int, ...]] = []
    for inputs in calls.values():
        data = [axes.split() for name, axes in inputs.items() if axes and name != "returns"]
        fits = len(data) == count and ("" in inputs.values()) <= numbers
        if not shapes or (fits and len(shapes) != count):
            shapes = [tuple(dims.get(axis, 8) for axis in axes) for axes in data]
    return [*shapes, *shapes[-1:] * (count - len(shapes))]
