"""Mutants as targets: ``attncheck.commands.selftest.targets:se.m17`` can be audited like any
class."""

from __future__ import annotations

from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from attncheck.catalogue import load
from attncheck.lazy import torch
from attncheck.mutation.making import mutants_of
from attncheck.mutation.mutant import Mutant
from attncheck.reference.mechanism import DefinedModule, Mechanism
from attncheck.signature.resolve import resolve
from attncheck.spec.shelf import find_path

_HEX = "file_"


class MutatedMechanism(Mechanism):
    """A definition with one mistake, called like the definition itself."""

    def __init__(self, original: Mechanism, mutant: Mutant, spec: str, index: int) -> None:
        super().__init__(mutant.function, original.slots, original.defaults, original.derived)
        self.mutant = mutant
        self.spec, self.index = spec, index

    def __call__(self, **given: Any) -> Disguised:
        return Disguised(super().__call__(**given))

    def __reduce__(self) -> tuple[Any, ...]:
        return mutated, (self.spec, self.index)


class Disguised(DefinedModule):
    """A definition's module whose layers tell nothing by their names or their order."""

    def __init__(self, made: DefinedModule) -> None:
        torch.nn.Module.__init__(self)
        self.mechanism, self.values = made.mechanism, made.values
        for slot, name in disguise(made.mechanism).items():
            layer = getattr(made, slot)
            if isinstance(layer, torch.nn.Parameter):
                self.register_parameter(name, layer)
            elif isinstance(layer, torch.nn.Module) or layer is None:
                self.register_module(name, layer)
            else:
                self.register_buffer(name, layer)

    def forward(self, *inputs: Any, **named: Any) -> Any:
        """Apply the definition."""
        names = disguise(self.mechanism).items()
        slots = SimpleNamespace(**{slot: getattr(self, name) for slot, name in names})
        options = SimpleNamespace(**self.values, training=self.training)
        return self.mechanism.function(slots, options, *inputs, **named)


def disguise(mechanism: Mechanism) -> dict[str, str]:
    """Return slot -> the name that it has in disguise, the last slot first."""
    return {slot: f"part{n}" for n, slot in enumerate(reversed(list(mechanism.slots)))}


class _Mutants:
    """The mutants of one spec's reference, by number."""

    def __init__(self, spec: str) -> None:
        self._spec = spec

    def __getattr__(self, name: str) -> MutatedMechanism:
        try:
            return mutated(self._spec, int(name.removeprefix("m")))
        except (ValueError, IndexError):
            raise AttributeError(name) from None


def __getattr__(name: str) -> _Mutants:
    spec = bytes.fromhex(name.removeprefix(_HEX)).decode() if name.startswith(_HEX) else name
    if name.startswith("__") or find_path(spec) is None:
        raise AttributeError(name)
    return _Mutants(spec)


def target_of(spec: str, index: int) -> str:
    """Return what names a mutant, for ``attncheck audit SPEC TARGET``.

    Args:
        spec: an id, or the path of a spec's file.
        index: the mutant's number among those of the spec's reference.
    """
    plain = spec.replace("-", "_").isidentifier()
    return f"{__name__}:{spec if plain else _HEX + spec.encode().hex()}.m{index}"


@lru_cache(maxsize=64)
def definition_of(spec: str) -> Mechanism | None:
    """Return the spec's reference if it is a definition, which alone can be mutated."""
    reference = load(spec).document.reference
    found = resolve(reference) if reference else None
    return found if isinstance(found, Mechanism) else None


@lru_cache(maxsize=4096)
def mutated(spec: str, index: int) -> MutatedMechanism:
    """Return a mutant of a spec's reference.

    Raises:
        IndexError: there are not so many.
    """
    original = definition_of(spec)
    if original is None:
        raise IndexError(index)
    return MutatedMechanism(original, mutants_of(original)[index], spec, index)
