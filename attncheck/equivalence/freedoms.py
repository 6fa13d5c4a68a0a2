"""What implementations may vary, as the spec declares it: the grid of options to try."""

from __future__ import annotations

import inspect
import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attncheck.data.formula import Formula
from attncheck.equivalence.matrices import MOST_VECTORS
from attncheck.equivalence.observed import activations, rotations, turns_given
from attncheck.equivalence.units import units_of
from attncheck.lazy import torch
from attncheck.signature.names import STRONG, dim_named
from attncheck.subject.subject import Subject

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism
    from attncheck.spec import SpecDocument

_MOST_LAYERS, _MOST_CHOICES = 64, 256
_UNKNOWN = object()
"""Left to unification: the sizes of tensors tell it where they are not fused."""
_INNER = frozenset({"_parameters", "_buffers", "_modules"})
_INPUT_AXES = frozenset({"B", "C", "C2", "D", "H", "W", "N", "M"})

Choices = list[dict[str, Any]]


def choices_of(
    mechanism: Mechanism, subject: Subject, module: torch.nn.Module
) -> Iterator[tuple[dict[str, Any], Choices]]:
    """Yield what is known before any tensor is read, and choices of options that no tensor tells.

    First the inputs' dims and one choice of what slots depend on; with it come all choices of the
    other options that make a difference: one search of tensors serves them all. Dims that only the
    subject's tensors tell (a hidden width, a kernel) are left to unification. Numbers that no
    tensor tells (heads, lambda) are taken from the constructor, or tried.
    """
    fixed = {name: size for name, size in subject.dims.items() if name in _INPUT_AXES}
    grid = _grid(mechanism, subject, module, fixed)
    alone = {name: values[0] for name, values in grid.items() if len(values) == 1}
    counting = mechanism.counting(alone)
    grid = {name: values if name in counting else values[:1] for name, values in grid.items()}
    told = told_by_tensors(mechanism)
    layers = {name: values for name, values in grid.items() if name in told}
    others = {name: values for name, values in grid.items() if name not in told}
    made: dict[frozenset[str], Choices] = {}
    changes = {name: _changes(name, subject.spec) for name in layers}
    possible = _possible(mechanism, layers, module, changes)
    for chosen in itertools.islice(possible, _MOST_LAYERS):
        known = {name: value for name, value in chosen.items() if value is not _UNKNOWN}
        open_ = frozenset(mechanism.counting({**alone, **known}) & others.keys())
        if open_ not in made:
            made[open_] = list(_different(mechanism, others, known))
        yield {**fixed, **known}, made[open_]


def _by_tensors(mechanism: Mechanism) -> set[str]:
    """Return the names that sizes or kernels tell, unless a slot is there for some values alone."""
    slots = mechanism.slots.values()
    texts = [text for s in slots for text in (*s.sizes, str(dict(s.settings).get("kernel", 1)))]
    told = {name for text in texts for name in Formula(text).names}
    return told - {slot.when.split(" ")[0] for slot in slots}


def _declared(name: str, default: Any, spec: SpecDocument) -> list[Any]:
    """Return the values of an option that the spec's design changes name, after the usual one."""
    found = _changes(name, spec)
    return [*([] if name in spec.options else [default]), *found] if found else []


def _changes(name: str, spec: SpecDocument) -> list[Any]:
    """Return the values of an option that design changes are."""
    pairs = [choice.option.partition(" == ") for choice in spec.choices]
    return [value or True for option, _, value in pairs if option == name]


def told_by_tensors(mechanism: Mechanism) -> set[str]:
    """Return the dims and options on which slots depend."""
    told = set(mechanism.derived)
    texts = list(mechanism.derived.values())
    for slot in mechanism.slots.values():
        texts += [*slot.sizes, *(str(value) for _, value in slot.settings)]
        told |= {str(slot.bias), slot.when.split(" ")[0]}
    return told.union(*(Formula(text).names for text in texts))


def _different(
    mechanism: Mechanism, grid: Mapping[str, Sequence[Any]], known: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Yield the choices that differ in what makes a difference."""
    seen: set[Any] = set()
    for values in _product(grid):
        counting = mechanism.counting({**mechanism.defaults, **known, **values})
        key = tuple((name, repr(value)) for name, value in values.items() if name in counting)
        if key not in seen and len(seen) < _MOST_CHOICES:
            seen.add(key)
            yield values


def _grid(
    mechanism: Mechanism, subject: Subject, module: torch.nn.Module, fixed: Mapping[str, int]
) -> dict[str, list[Any]]:
    """Return what each dim and option may be that neither inputs nor sizes of tensors tell."""
    grid: dict[str, list[Any]] = {}
    spec = subject.spec
    slots = mechanism.slots.values()
    told = {slot.bias for slot in slots} | {dict(slot.settings).get("rms") for slot in slots}
    sizes = _by_tensors(mechanism)
    untold = _untold(mechanism, subject)
    for name, default in mechanism.defaults.items():
        if name in fixed or name in told:
            continue  # a bias, or the kind of a norm, is read off the tensors
        if declared := [*spec.options.get(name, []), *_declared(name, default, spec)]:
            usual = [v for v in declared if v == default] + [v for v in declared if v != default]
            kept = _kept(name, module) if isinstance(default, float) else []
            grid[name] = list(dict.fromkeys([*kept, *usual]))
            if name == "activation":
                grid[name] = activations(subject, module, grid[name])
        elif name == "heads":
            grid[name] = _heads(subject, module)
        elif name in untold:
            grid[name] = _numbers(name, subject, module)
        elif name.endswith("_heads"):
            grid[name] = _shared_heads(name, subject, module)
        elif type(default) in (int, float) and name in spec.names and name not in sizes:
            spare = [subject.dims[name]] if name in subject.dims else []
            stated = _stated(name, default, subject, module)
            tried = _unplaced(subject) if spare and not stated and type(default) is int else []
            found = [*stated, default, *tried, *spare]
            turns = turns_given(subject, name) or rotations(module, name)
            grid[name] = turns or list(dict.fromkeys(found))
        elif isinstance(default, float):
            grid[name] = _floats(default, subject)
    return grid


def _possible(
    mechanism: Mechanism,
    grid: Mapping[str, Sequence[Any]],
    module: torch.nn.Module,
    changes: Mapping[str, Sequence[Any]],
) -> Iterator[dict[str, Any]]:
    """Yield the choices whose layers the module has: a norm of queries needs a norm.

    Those with the fewest design changes come first, whatever else is still open.
    """
    norms, bare = _there(module)
    for chosen in _fewest_changes(grid, changes):
        values = {**mechanism.defaults, **chosen}
        slots = [slot for slot in mechanism.slots.values() if slot.exists(values)]
        if sum(slot.kind == "norm" for slot in slots) > norms:
            continue
        axes = Counter(sum(n != "1" for n in s.sizes) for s in slots if s.kind == "tensor")
        # An axis of a slot may be of size one as well, or two of them lie in one.
        if all(_up_to(most, axes) <= _up_to(most, bare) for most in axes):
            yield chosen


def _fewest_changes(
    grid: Mapping[str, Sequence[Any]], changes: Mapping[str, Sequence[Any]]
) -> Iterator[dict[str, Any]]:
    for number in range(sum(bool(values) for values in changes.values()) + 1):
        for chosen in _product(grid):
            if sum(chosen[name] in values for name, values in changes.items()) == number:
                yield chosen


def _up_to(most: int, counts: Counter[int]) -> int:
    return sum(count for axes, count in counts.items() if axes <= most)


def _product(grid: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))


def _there(module: torch.nn.Module) -> tuple[int, Counter[int]]:
    """Return how many norms, and bare tensors of so many axes, the module has at most."""
    tensors, units = dict(module.named_parameters()), units_of(module)
    shapes = [
        (unit.weight, unit.view(tensors[unit.weight]).shape)
        for unit in units
        if unit.kind == "tensor" and unit.weight in tensors
    ]
    # An axis of size one may be one of the slot's, or none.
    bare = {
        (name, axes)
        for name, shape in shapes
        for axes in range(sum(size != 1 for size in shape), len(shape) + 1)
    }
    found = Counter(axes for _, axes in bare)
    # The rows of a short table may be as many vectors.
    tables = [t for t in tensors.values() if t.ndim == 2 and len(t) <= MOST_VECTORS]
    found[1] += sum(len(t) for t in tables)
    return len({unit.owner for unit in units if unit.kind == "norm"}), found


def _heads(subject: Subject, module: torch.nn.Module) -> list[int]:
    """Return head counts: from the constructor, from attributes named so, then divisors."""
    if "heads" in subject.binding.fixed or "heads" in subject.binding.follows:
        return [subject.dims["heads"]]
    width = subject.dims.get("C", 1)
    found = _integers(module, set(STRONG["heads"]))
    found += [subject.dims["heads"]] if "heads" in subject.dims else []
    for sub in module.modules():
        found += [
            value
            for name, value in vars(sub).items()
            if "head" in name.lower() and isinstance(value, int) and not isinstance(value, bool)
        ]
    divisors = [n for n in range(1, width + 1) if width % n == 0]
    return list(dict.fromkeys(n for n in [*found, *divisors] if n > 0))[:6]


def _untold(mechanism: Mechanism, subject: Subject) -> set[str]:
    """Return the dims that no tensor's size tells, such as a window or a dilation."""
    slots = mechanism.slots.values()
    texts = [text for slot in slots for text in slot.sizes]
    settings = [(key, v) for slot in slots for key, v in slot.settings if isinstance(v, str)]
    texts += [v for key, v in settings if key != "dilation"]
    told = {name for text in [*texts, *mechanism.derived.values()] for name in Formula(text).names}
    dims = {name for name, default in mechanism.defaults.items() if default is None}
    spread = {name for key, v in settings if key == "dilation" for name in Formula(v).names}
    return ((dims | spread) & set(subject.dims)) - told


def _numbers(name: str, subject: Subject, module: torch.nn.Module) -> list[int]:
    """Return a number's values: from the constructor, else from attributes named so."""
    if name in subject.binding.follows or name in subject.binding.fixed:
        return [subject.dims[name]]
    found = _integers(module, {name, *subject.spec.names.get(name, [])}) or _unplaced(subject)
    return list(dict.fromkeys([*found, subject.dims[name]]))[:3]


def guessed(mechanism: Mechanism, subject: Subject, module: torch.nn.Module) -> list[str]:
    """Return the dims of the spec that no tensor tells, nor the constructor, nor an attribute."""
    names = subject.spec.names
    free = {n for n, v in mechanism.defaults.items() if type(v) is int and n in names}
    untold = (free - _by_tensors(mechanism)) | _untold(mechanism, subject)
    return sorted((untold & subject.dims.keys()) - stated_sizes(subject, module).keys() - {"heads"})


def _unplaced(subject: Subject) -> list[int]:
    """Return the constructor's whole numbers whose names say of no dim of ours."""
    known = subject.spec.dims, subject.spec.names
    told = {**subject.binding.literal, **_configured(subject), **defaults_of(subject)}
    return [v for n, v in told.items() if type(v) is int and v > 0 and not dim_named(n, *known)][:2]


def _shared_heads(name: str, subject: Subject, module: torch.nn.Module) -> list[Any]:
    """Return how many heads share others: stated, else what sizes tell, else the spec's number."""
    found = _numbers(name, subject, module)
    if name in subject.binding.follows or name in subject.binding.fixed:
        return [*found, _UNKNOWN]
    told = [n for n in found if n != subject.dims[name]]
    return list(dict.fromkeys([*told, _UNKNOWN, subject.dims[name], 1]))


def _stated(
    name: str, default: float, subject: Subject, module: torch.nn.Module
) -> list[int | float]:
    """Return a number under the names that the spec gives it: of the constructor, of the module.

    Whole numbers stay whole where the definition's is whole. A config's are the module's.
    """
    known = {name, *subject.spec.names[name]}
    if name in subject.binding.follows or name in subject.binding.fixed:
        return [subject.dims[name]]
    found = [value for key, value in subject.binding.literal.items() if key in known]
    told = {**_configured(subject), **defaults_of(subject)}
    found += [value for key, value in told.items() if key in known]
    for sub in module.modules():
        for attribute, value in vars(sub).items():
            own = value if isinstance(value, dict) else getattr(value, "__dict__", {})
            inner = () if isinstance(value, torch.nn.Module) or attribute in _INNER else own.items()
            for key, number in ((attribute.strip("_"), value), *inner):
                found += [number] if key in known else []
    kinds = (int,) if type(default) is int else (int, float)
    numbers = [type(default)(v) for v in found if type(v) in kinds and v > 0]
    return list(dict.fromkeys(numbers))[:2]


def defaults_of(subject: Subject) -> dict[str, Any]:
    """Return what the constructor's parameters are by default; nothing where none can be read."""
    try:
        parameters = inspect.signature(subject.factory).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}


def _configured(subject: Subject) -> dict[str, Any]:
    """Return what the constructor's configs hold, which may keep no trace in the module."""
    arguments = subject.binding.arguments(subject.dims) if subject.binding.parts else {}
    held: dict[str, Any] = {}
    for name in subject.binding.parts:
        made = arguments[name]
        held |= made if isinstance(made, dict) else getattr(made, "__dict__", {})
    return held


def stated_sizes(subject: Subject, module: torch.nn.Module) -> dict[str, int]:
    """Return the spec's dims that the constructor's arguments make, or that the module keeps."""
    told = set(subject.binding.fixed) | subject.binding.follows
    found: dict[str, int] = {}
    for name, size in subject.dims.items():
        known = {name, *subject.spec.names.get(name, [])}
        formula = subject.spec.dims.get(name)
        names = Formula(formula).names if isinstance(formula, str) else frozenset[str]()
        if name in told:
            found[name] = size
        elif kept := [n for n in _integers(module, known) if n > 0]:
            found[name] = kept[0]
        elif names and names <= found.keys():
            found[name] = int(Formula(str(formula)).evaluate(found))
    return found


def _integers(module: torch.nn.Module, known: set[str]) -> list[int]:
    """Return the whole numbers that the module keeps under these names."""
    return [
        value
        for sub in module.modules()
        for attribute, value in vars(sub).items()
        if attribute.strip("_") in known and type(value) is int
    ]


def _kept(name: str, module: torch.nn.Module) -> list[float]:
    """Return what the module keeps under a constant's name: ``lambda_init``, of ``lam``."""
    found = [
        value
        for sub in module.modules()
        for attribute, value in vars(sub).items()
        if type(value) is float and attribute.strip("_").lower().startswith(name)
    ]
    return list(dict.fromkeys(found))[:2]


def _floats(default: float, subject: Subject) -> list[float]:
    """Return a constant's values: the definition's, then those of the subject's constructor."""
    kinds = (int, float) if default >= 1 and default == int(default) else (float,)
    given = [v for v in subject.binding.literal.values() if type(v) in kinds]
    told = {**_configured(subject), **defaults_of(subject)}
    stated = [v for v in told.values() if type(v) in kinds]
    found = [float(v) for v in [*given, *stated] if type(v) is float or v >= 100]
    return list(dict.fromkeys([default, *found]))[:4]
