"""How a module keeps keys and values between calls: returned, in an object, or inside itself."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import re
import sys
import typing
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from attncheck.instruments.attention.masks import MaskWay, encode
from attncheck.lazy import torch
from attncheck.signature.caches import is_cache_name
from attncheck.signature.convention import LENGTHS, Argument
from attncheck.signature.forward import forward_parameters, named_parameters
from attncheck.signature.masks import is_mask_name
from attncheck.signature.tables import FIRST, table_named
from attncheck.subject.tables import made_value
from attncheck.subject.trial import Trial

_FLAG = re.compile(
    r"^(use|return|output|with|enable|keep|update)_.*(cache|kv|past|present)|^(use_)?cache$"
)
_PLACE = re.compile(
    r"^(start|input|cur|current|cache|past|seq|q)?_?(pos|positions?|offset|start|index|step)$"
    r"|^(past|cache|prev)_?(len|length)$|^start_?pos(ition)?$|^position_ids$|^cache_positions?$"
)
_INSIDE = re.compile(
    r"(^|_)(k|v|kv|keys?|values?)_?(cache|cached|past)"
    r"|(cache|cached|past)_?(k|v|kv|keys?|values?)($|s$|_)|^_?kv_?cache$|^cache$"
)
_RESET = re.compile(r"^_?(reset|clear|empty|flush)(_|$)|(_|^)(reset|clear)$")


@dataclass(frozen=True)
class CacheWay:
    """One way to decode step by step.

    Attributes:
        words: how messages name it.
        parameter: of ``forward`` that takes the cache, "" for one inside the module.
        make: makes an empty cache, None where the first call is given none.
        returned: the next call is given what this one has returned.
        flags: further arguments of every call.
        places: parameter -> ``number``, ``tensor`` or ``row``: where the new tokens begin.
        known: whether nothing of it is our guess but the values of numbers.
        inside: the module's attribute that holds it.
    """

    words: str
    parameter: str = ""
    make: Callable[[Trial, int], Any] | None = None
    returned: bool = False
    flags: Mapping[str, Any] = field(default_factory=dict)
    places: Mapping[str, str] = field(default_factory=dict)
    known: bool = True
    inside: str = ""


@dataclass(frozen=True)
class Piece(Trial):
    """A trial of some tokens of a longer sequence: positions ``start`` to ``start + N``."""

    extra: Mapping[str, Any] = field(default_factory=dict)
    start: int = 0
    total: int = 0

    def arguments(self, inputs: Mapping[str, torch.Tensor]) -> tuple[list[Any], dict[str, Any]]:
        """Return what ``forward`` is given, with the cache and what goes with it."""
        positional, keyword = super().arguments(inputs)
        return positional, {**keyword, **self.extra}

    def _value(self, argument: Argument, inputs: Mapping[str, torch.Tensor]) -> Any:
        if not argument.made:
            return super()._value(argument, inputs)
        if argument.made == FIRST:
            return self.start
        dims = {**self.dims, "N": self.total}
        whole = made_value(argument.made, dims, self.dtype, self.case.device)
        return _cut(whole, self.start, self.dims["N"], self.total)


def _cut(table: Any, start: int, count: int, total: int) -> Any:
    if isinstance(table, tuple):
        return tuple(_cut(part, start, count, total) for part in table)
    if not torch.is_tensor(table):
        return table
    axes = [axis for axis, size in enumerate(table.shape) if size == total]
    return table.narrow(axes[-1], start, count) if axes else table


@dataclass
class Decoder:
    """A module that is fed a sequence piece by piece.

    Attributes:
        way: how.
        trial: the subject on the whole sequence.
        module: the module.
        hidden: (B, N, N), what its masks hide: the future, where only a mask does.
    """

    way: CacheWay
    trial: Trial
    module: torch.nn.Module
    hidden: torch.Tensor | None = None
    held: Any = None

    def begin(self) -> None:
        """Start anew: an empty cache, and inside the module what resets it."""
        self.held = self.way.make(self.trial, self.trial.dims["N"]) if self.way.make else None
        if not self.way.parameter:
            for name in _methods(self.module, _RESET):
                with contextlib.suppress(Exception):
                    getattr(self.module, name)()

    def piece(self, start: int, end: int) -> Piece:
        """Return the call that is given these tokens."""
        trial = self.trial.with_case(dims={"N": end - start})
        extra = dict(self.way.flags)
        if self.way.parameter and self.held is not None:
            extra[self.way.parameter] = self.held
        for name, form in self.way.places.items():
            places = torch.arange(start, end, device=trial.case.device)
            row = places[None].expand(trial.dims.get("B", 1), -1)
            extra[name] = {"number": start, "tensor": places, "row": row}[form]
        total = self.trial.dims["N"]
        return Piece(trial.subject, trial.case, extra, start, total)

    def given(self, x: torch.Tensor, start: int, end: int) -> dict[str, torch.Tensor]:
        """Return the inputs of a piece: its tokens, and its rows of the mask."""
        inputs = {self.trial.main: x[:, start:end]}
        for argument in self.trial.subject.convention.masks:
            inputs[argument.input] = self._mask(argument, start, end)
        return inputs

    def _mask(self, argument: Argument, start: int, end: int) -> torch.Tensor:
        """Return a mask's rows of the new tokens, for all keys up to them."""
        size = self.trial.dims["N"]
        batch = self.trial.dims.get("B", 1)
        hidden = torch.zeros(batch, size, size, dtype=torch.bool)
        hidden = hidden if self.hidden is None else self.hidden
        mask = encode(hidden, MaskWay(argument, "stated"), self.trial)
        if argument.meaning == LENGTHS:
            return mask.clamp(max=end)
        axes = [
            i for i, a in enumerate(argument.axes) if a.split("*")[0] not in ("B", "heads", "1")
        ]
        if len(axes) > 1:
            mask = mask.narrow(axes[0], start, end - start)
        return mask.narrow(axes[-1], 0, end)

    def step(self, x: torch.Tensor, start: int, end: int) -> torch.Tensor:
        """Feed the tokens from ``start`` to ``end``; return their outputs.

        Raises:
            SubjectError: ``forward`` raises.
            LookupError: it returns no cache.
        """
        found = self.piece(start, end).outputs(self.module, self.given(x, start, end))
        if self.way.returned:
            self.held = find_cache(found.raw, found.main)
            if self.held is None:
                raise LookupError("a step with the cache returns none")
        return found.main

    def run(self, x: torch.Tensor, cuts: list[int]) -> torch.Tensor:
        """Feed a sequence in pieces that end at the cuts; return all outputs."""
        self.begin()
        pairs = itertools.pairwise([0, *cuts])
        return torch.cat([self.step(x, a, b) for a, b in pairs], 1)


def offered(module: torch.nn.Module, taken: set[str]) -> tuple[str, list[CacheWay]]:
    """Return the name of what offers a cache, "" for none, and the ways to use it.

    Args:
        module: the module.
        taken: parameters of ``forward`` that the call gives already.
    """
    free = [p for p in named_parameters(forward_parameters(module)) if p.name not in taken]
    flags = {p.name: True for p in free if _is_flag(p)}
    caches = [p for p in free if is_cache_name(p.name) and p.name not in flags]
    caches = [p for p in caches if not _PLACE.search(p.name) and not is_mask_name(p.name)]
    caches = [p for p in caches if not isinstance(p.default, (bool, int, str))]
    places = [p for p in free if _PLACE.search(p.name)]
    found: list[CacheWay] = []
    for cache in caches:
        for way in _by_parameter(cache, module):
            found += _variants(way, flags, places)
    if caches:
        return caches[0].name, found
    inside = _inside(module)
    told = any(table_named(name) == FIRST for name in taken)
    if inside and (flags or places or told):
        way = CacheWay(f"its own '{inside}'", inside=inside)
        return inside, list(_variants(way, flags, places))
    if flags:
        return next(iter(flags)), list(_variants(CacheWay("its own state"), flags, places))
    return "", []


def _is_flag(parameter: inspect.Parameter) -> bool:
    if not _FLAG.search(parameter.name):
        return False
    said = parameter.annotation in (bool, "bool")
    return isinstance(parameter.default, bool) or said or parameter.name.startswith("use_")


def _variants(
    way: CacheWay, flags: Mapping[str, Any], places: list[inspect.Parameter]
) -> Iterator[CacheWay]:
    """Yield a way with every form in which positions may be told, without them last."""
    forms = [[(p.name, form) for form in _forms(p)] for p in places]
    for chosen in itertools.islice(itertools.product(*forms), 6):
        yield replace(way, flags=flags, places=dict(chosen))
    if places:
        yield replace(way, flags=flags, known=False)


def _forms(parameter: inspect.Parameter) -> list[str]:
    text = str(parameter.annotation)
    if isinstance(parameter.default, int) or "int" in text:
        return ["number"]
    return ["row", "tensor"] if "ids" in parameter.name else ["tensor", "number", "row"]


def _by_parameter(parameter: inspect.Parameter, module: torch.nn.Module) -> Iterator[CacheWay]:
    """Yield what may be handed in for a cache, likeliest first."""
    name = parameter.name
    for kind in _kinds(parameter, module):
        yield CacheWay(f"'{name}', a {kind.__name__}", name, _maker(kind, module))
    yield CacheWay(f"'{name}'", name, None, True)
    yield CacheWay(f"'{name}', an empty tuple at first", name, lambda trial, total: (), True)
    yield CacheWay(f"'{name}', an empty list at first", name, lambda trial, total: [], True)
    yield CacheWay(f"'{name}', a dict", name, lambda trial, total: {})
    yield CacheWay(f"'{name}', a cache that grows", name, lambda trial, total: GrowingCache())


def _kinds(parameter: inspect.Parameter, module: torch.nn.Module) -> list[type]:
    """Return the classes of cache: of the annotation or the default, and those of the file."""
    space = vars(sys.modules.get(type(module).__module__, typing))
    annotation = parameter.annotation
    if isinstance(annotation, str):
        words = re.findall(r"\w+", annotation)
        found = [space[word] for word in words if isinstance(space.get(word), type)]
    else:
        found = [a for a in (annotation, *typing.get_args(annotation)) if isinstance(a, type)]
    if parameter.default not in (None, inspect.Parameter.empty):
        found.append(type(parameter.default))
    found += [
        kind
        for word, kind in space.items()
        if isinstance(kind, type)
        and "cache" in word.lower()
        and kind.__module__ == type(module).__module__
        and not issubclass(kind, torch.nn.Module)
    ]
    plain = (tuple, list, dict, torch.Tensor, type(None), bool, int)
    own = [k for k in dict.fromkeys(found) if k not in plain and k is not inspect.Parameter.empty]
    return [k for k in own if k.__module__ not in ("typing", "builtins")]


def _maker(kind: type, module: torch.nn.Module) -> Callable[[Trial, int], Any]:
    def make(trial: Trial, total: int) -> Any:
        return kind(**_sizes(kind, module, trial, total))

    return make


def _sizes(kind: type, module: torch.nn.Module, trial: Trial, total: int) -> dict[str, Any]:
    """Return what the constructor of a cache requires, by its names.

    Raises:
        LookupError: a name says nothing.
    """
    heads = _number(module, r"^(n|num)?_?(heads?|h|attention_heads|head)$") or trial.dims.get(
        "heads", 1
    )
    shared = _number(module, r"kv_heads?|key_value_heads|^n?_?groups?$|^g$") or heads
    width = trial.dims.get("C", 1)
    meanings: tuple[tuple[str, Any], ...] = (
        (r"batch|bsz|^bs$|^b$", trial.dims.get("B", 1)),
        (r"dtype", trial.dtype),
        (r"device", trial.case.device),
        (r"kv_heads?|key_value_heads", shared),
        (r"head_dim|dim_head|^d$|head_size|d_head|d_k", width // max(heads, 1)),
        (r"head", shared),
        (r"layers?", 1),
        (r"len|seq|max|size|capacity|token|context|block|^n$|^t$", total + 8),
        (r"dim|width|channels|^c$|embd", width),
    )
    given: dict[str, Any] = {}
    for parameter in inspect.signature(kind).parameters.values():
        if parameter.default is not parameter.empty or parameter.kind in (
            parameter.VAR_POSITIONAL,
            parameter.VAR_KEYWORD,
        ):
            continue
        for pattern, value in meanings:
            if re.search(pattern, parameter.name.lower()):
                given[parameter.name] = value
                break
        else:
            raise LookupError(f"{kind.__name__} needs '{parameter.name}'")
    return given


def _number(module: torch.nn.Module, pattern: str) -> int:
    found = (v for n, v in vars(module).items() if type(v) is int and re.search(pattern, n.lower()))
    return next(found, 0)


def _inside(module: torch.nn.Module) -> str:
    """Return the first attribute of the module, or of a part of it, that holds keys or values."""
    for part in module.modules():
        for name in (*vars(part), *part._buffers, *part._modules):
            if _INSIDE.search(name.lower()) and not re.search(r"mask|rope|cos|sin", name.lower()):
                return name
    return ""


def _methods(module: torch.nn.Module, pattern: re.Pattern[str]) -> list[str]:
    own = [n for kind in type(module).__mro__ if kind is not torch.nn.Module for n in vars(kind)]
    return [
        name
        for name in dict.fromkeys(own)
        if pattern.search(name) and name != "reset_parameters" and callable(getattr(module, name))
    ]


def find_cache(raw: Any, main: torch.Tensor) -> Any:
    """Return the cache in what ``forward`` returned: what beside the output holds tensors."""
    parts = list(raw.values()) if isinstance(raw, Mapping) else raw
    if not isinstance(parts, (tuple, list)):
        parts = list(vars(raw).values()) if hasattr(raw, "__dict__") else []
    nests = [part for part in parts if isinstance(part, (tuple, list, dict)) and len(part)]
    objects = [
        part
        for part in parts
        if not isinstance(part, (torch.Tensor, tuple, list, dict, str, int, float, type(None)))
    ]
    if nests or objects:
        return (nests + objects)[0]
    alike = [
        part
        for part in parts
        if isinstance(part, torch.Tensor) and part.ndim > main.ndim and part.shape[0] == 2
    ]
    # One shared head of keys beside its values: a row for each token, as wide as both.
    rows = [
        part
        for part in parts[1:]
        if isinstance(part, torch.Tensor) and part.ndim == main.ndim == 3 and _has_rows(part, main)
    ]
    return next(iter([*alike, *rows]), None)


def _has_rows(part: torch.Tensor, main: torch.Tensor) -> bool:
    """Say whether a tensor has a row for each token of the output, and perhaps for earlier ones."""
    return part.shape[0] == main.shape[0] and part.shape[1] >= main.shape[1] != part.shape[2]


class GrowingCache:
    """A cache as libraries have it: ``update`` joins what is new and returns all of it."""

    def __init__(self) -> None:
        self.key_cache: list[Any] = []
        self.value_cache: list[Any] = []

    def update(self, key: Any, value: Any, layer_idx: int = 0, *args: Any, **more: Any) -> Any:
        """Join keys and values behind the cached ones, along the axis before the last."""
        if self.key_cache:
            key = torch.cat([self.key_cache[0], key], -2)
            value = torch.cat([self.value_cache[0], value], -2)
        self.key_cache, self.value_cache = [key], [value]
        return key, value

    def get_seq_length(self, layer_idx: int = 0) -> int:
        """Return how many tokens are held."""
        return int(self.key_cache[0].shape[-2]) if self.key_cache else 0

    def __len__(self) -> int:
        return len(self.key_cache)

    def __getitem__(self, index: int) -> Any:
        return self.key_cache[index], self.value_cache[index]
