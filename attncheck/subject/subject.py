"""An implementation under audit: how it is built, called and varied."""

from __future__ import annotations

import copy
import itertools
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import msgspec

from attncheck.data.formula import Formula
from attncheck.errors import TargetError
from attncheck.lazy import torch
from attncheck.signature.binding import Binding
from attncheck.signature.constructor import dims_in_order
from attncheck.signature.convention import Convention
from attncheck.signature.factories import AsItIs
from attncheck.signature.resolve import Factory
from attncheck.spec import SpecDocument
from attncheck.subject.case import Case
from attncheck.subject.replicas import Replicas


@dataclass(frozen=True)
class Subject:
    """A factory bound to a spec's dims, with the way in which its module is called.

    Attributes:
        spec: the spec, merged with its family.
        name: ``reference``, ``article``, or the class's name.
        target: what names it: ``file.py:Class`` or ``package.module:Class``.
        factory: the class or function that makes the module.
        binding: how constructor arguments follow from dims.
        convention: how ``forward`` is called.
        overrides: dims that the user, the spec's entry or a literal argument fixes at the base.
        pinned: dims that must not be varied.
        dtype: the precision in which claims are tried: ``float64``, or ``float32`` where the
            module cannot compute in double precision.
        device: where its cases are tried; on ``meta`` only shapes are computed.
        widened: it casts to float32 inside, or keeps tensors of it, and works as well in double
            precision throughout: cases in float64 are run so.
        lifted: its casts to half precision are left out as well, to see what else it computes.
        tried: dims that only trying has found, in words.
        told: dims that are stated, by shapes or by name.
        others: the same, called in other ways that may be meant as well: only what it computes
            can tell which one is.
        gates: it returns its gate and leaves the product to its caller: what is audited is the
            input times the gate.
    """

    spec: SpecDocument
    name: str
    target: str
    factory: Factory
    binding: Binding
    convention: Convention
    overrides: Mapping[str, int]
    pinned: frozenset[str] = frozenset()
    dtype: str = "float64"
    device: str = "cpu"
    widened: bool = False
    lifted: bool = False
    tried: str = ""
    told: frozenset[str] = frozenset()
    others: tuple[Subject, ...] = ()
    gates: bool = False

    @cached_property
    def dims(self) -> dict[str, int]:
        """The base case's dims."""
        return self.dims_with()

    @cached_property
    def counted(self) -> dict[bytes, Any]:
        """What a call of it cost, for each case that was counted."""
        return {}

    @cached_property
    def drawn(self) -> dict[Any, dict[str, torch.Tensor]]:
        """The inputs that were drawn, by case, precision and draw; who asks gets copies."""
        return {}

    @cached_property
    def replicas(self) -> Replicas:
        """What was built of a definition."""
        return Replicas()

    @cached_property
    def is_definition(self) -> bool:
        """Whether it is a definition of ours, or of a spec's author."""
        from attncheck.reference.mechanism import Mechanism

        return type(self.factory).__call__ is Mechanism.__call__

    @property
    def assumed(self) -> tuple[str, ...]:
        """What of its constructor and its call is our guess, in words; none where all is known."""
        call = () if self.convention.stated else ("how forward is called",)
        tried = (self.tried,) if self.tried else ()
        return (*self.binding.assumed(self.told), *call, *tried)

    @cached_property
    def settled(self) -> dict[bytes, Any]:
        """What is known of what it computes, for each case that was asked."""
        return {}

    @property
    def as_it_is(self) -> bool:
        """Whether it is an instance: no other size of it can be built."""
        return isinstance(self.factory, AsItIs)

    @property
    def decodes(self) -> str:
        """The parameter through which its model hands it a cache and no mask, "" without one."""
        return self.factory.cached if isinstance(self.factory, AsItIs) else ""

    @property
    def written(self) -> Any:
        """What its source says: the class of an instance, else what makes it."""
        return type(self.factory.module) if isinstance(self.factory, AsItIs) else self.factory

    def dims_with(self, **changes: int) -> dict[str, int]:
        """Return dims with changes; dims that are formulas over them follow.

        As many tokens as the form of the inputs takes: those of a map fill its rows.
        """
        wanted = {**self.overrides, **changes}
        dims = dims_in_order(self.spec.dims, wanted)
        if (form := self.convention.form) is None:
            return dims
        filled = {n: form.grown(dims[n]) for n in form.axes if n in ("N", "M", "H") and n in dims}
        return dims_in_order(self.spec.dims, {**wanted, **filled})

    def construct(self, dims: Mapping[str, int]) -> torch.nn.Module:
        """Build the module as its author initialises it.

        Raises:
            TargetError: what was built is not a ``torch.nn.Module``.
        """
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # A config or a layer among the arguments is this module's own, not every one's.
            module = self.factory(**copy.deepcopy(self.binding.arguments(dims)))
        if not isinstance(module, torch.nn.Module):
            raise TargetError(
                f"'{self.target}' makes a {type(module).__name__}, not a torch.nn.Module",
                instead="name a subclass of torch.nn.Module, or a function that returns one",
            )
        return module

    @property
    def as_built(self) -> Subject:
        """The same at its author's own width, where nobody has stated another one."""
        own = {n: size for n, size in self.binding.widths.items() if n not in self.told}
        return replace(self, overrides={**self.overrides, **own}) if own else self

    def in_domain(self, dims: Mapping[str, int]) -> bool:
        """Say whether the spec defines the mechanism for these dims."""
        conditions = self.spec.domain.values()
        return all(n >= 1 for n in dims.values()) and all(
            bool(Formula(text).evaluate(dims)) for text in conditions
        )

    @property
    def variable(self) -> frozenset[str]:
        """Dims that the audit may vary: those of the inputs, and those the constructor follows.

        A dim that a literal constructor argument fixes, or that sizes a parameter which no
        constructor argument follows, stays as it is.
        """
        free = {"B", "H", "W", "N", "M"} & set(self.dims)
        if self.convention.arguments:
            free &= set().union(*(argument.axes for argument in self.convention.arguments))
        for held in (a.held for a in self.convention.arguments if a.held):
            free &= set() if held.batch else {"B"}
        return frozenset((free | (self.binding.follows & {"C"})) - self.pinned)

    def lattice(self, **changes: Any) -> Iterator[Case]:
        """Yield the cases on which any claim is tried: base first, then one step away each.

        Batch of one and of three, sizes odd, small and large, H below and above W, another
        width where the constructor follows it; all inside the spec's domain. ``changes`` are
        fields of every case (``train=True``, ``seed=1``).
        """
        steps: list[dict[str, int]] = [
            {},
            {"B": 1},
            {"H": 5, "W": 3, "N": 5, "M": 9},
            {"H": 6, "W": 10, "N": 12, "M": 4, "B": 3},
            {"H": 13, "W": 9, "N": 17, "M": 11},
            {"C": 2 * self.dims.get("C", 1)},
        ]
        seen: list[dict[str, int]] = []
        for step in steps:
            wanted = {n: v for n, v in step.items() if n in self.variable}
            dims = self._into_domain(wanted)
            if dims is None or dims in seen:
                continue
            seen.append(dims)
            yield msgspec.structs.replace(
                Case(dims=dims, dtype=self.dtype, seed=len(seen) - 1), **changes
            )

    def base(self, **changes: Any) -> Case:
        """Return the base case, with changed fields; ``dims`` are changes of the base dims."""
        dims = self.dims_with(**changes.pop("dims", {}))
        case = Case(dims=dims, dtype=self.dtype, device=self.device)
        return msgspec.structs.replace(case, **changes)

    def near(self, wanted: Mapping[str, int], **changes: Any) -> Case:
        """Return the base case with those wanted dims that may vary, grown into the domain."""
        free = {n: size for n, size in wanted.items() if n in self.variable and n in self.dims}
        return self.base(dims=self._into_domain(free) or {}, **changes)

    def _into_domain(self, wanted: Mapping[str, int]) -> dict[str, int] | None:
        """Return dims near the wanted ones that lie in the domain, or None.

        All grow alike first, then each on its own, as multiples of a window must.
        """
        growing = [name for name in wanted if name != "B"]
        alike = [(extra,) * len(growing) for extra in range(8)]
        apart = sorted(itertools.product(range(8), repeat=min(len(growing), 2)), key=sum)
        for extras in (*alike, *apart):
            grown = {n: wanted[n] + extra for n, extra in zip(growing, extras, strict=False)}
            dims = self.dims_with(**{**wanted, **grown})
            if self.in_domain(dims):
                return dims
        return None

    def called(self, convention: Convention, **changes: Any) -> Subject:
        """Return the same subject called in another way."""
        return replace(self, convention=convention, **changes)
