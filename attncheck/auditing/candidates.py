"""Which definitions a subject may compute: by its calls' axes, and the kinds of its layers."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING

from attncheck.auditing.looks import Look, look_at
from attncheck.equivalence.kinds import Layers
from attncheck.equivalence.proof import GLANCE
from attncheck.equivalence.search import parameters_beside
from attncheck.errors import AttncheckError
from attncheck.signature.resolve import resolve
from attncheck.spec import SpecDocument
from attncheck.spec.shelf import CONTRACTS, shipped_document, spec_ids
from attncheck.subject.layouts import answers
from attncheck.subject.prepare import Request, prepare, resolved
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject

if TYPE_CHECKING:
    from attncheck.reference.mechanism import Mechanism

Ranks = tuple[int, ...]


class Candidates:
    """The definitions that a subject may compute, each looked at once.

    Args:
        request: what is built and called.
        named: the mechanism that its name means, "" for none: it is looked at first, whatever
            its calls and its layers are.

    Raises:
        TargetError: the request's target cannot be imported, or makes no module.
    """

    def __init__(self, request: Request, named: str) -> None:
        self._request = request
        self._named = named
        self._factory = resolved(request)
        self._raising: dict[str, Subject] = {}
        self._looked: set[str] = set()
        self.contracts = self._contracts()
        """The families whose calls the subject takes, with the subject so called."""
        self._layers = {name: _layers(subject) for name, subject in self.contracts.items()}
        built = [*self._layers.values()] or [*map(_layers, self._raising.values())][:1]
        self._built = built[0] if built else None
        self._known = {_ranks(subject.convention.inputs) for subject in self.contracts.values()}

    def looks(self, *, trying: bool = True, others: bool = False) -> Iterator[Look]:
        """Yield what a glance at each definition that may be meant comes to; none comes twice.

        Args:
            trying: also where only trying finds sizes at which it can be called, or the call; not
                where that found no call of any contract, and the family's own was built.
            others: at those alone that no contract's call speaks for: tokens may lie in a map, and
                a second input beside the first.
        """
        for name in sorted(spec_ids(), key=lambda name: name != self._named):
            spec, named = shipped_document(name), name == self._named
            mechanism = _definition(spec)
            if mechanism is None or name in self._looked or others == (named or self._takes(spec)):
                continue
            there = self._layers.get(spec.family)
            if others or not self.contracts:
                there = there or self._built
            if there is not None and not named and there.rule_out(mechanism):
                continue
            hopeless = not self.contracts and spec.family in self._raising
            hard = named or (trying and not hopeless)
            if (subject := self._made(spec, trying=hard)) is None:
                continue
            self._looked.add(name)
            own = there or _layers(subject)
            if named or not own.rule_out(mechanism):
                with contextlib.suppress(SubjectError):
                    yield look_at(spec, mechanism, subject, own.gap(mechanism), GLANCE)

    def _made(self, spec: SpecDocument, *, trying: bool = True) -> Subject | None:
        """Return the subject built and called as a spec asks, None where that does not work."""
        try:
            subject, failure = prepare(
                spec, self._request, factory=self._factory, trying=trying, hints=False
            )
        except AttncheckError:
            return None
        if failure is not None:
            self._raising[spec.id] = subject
            return None
        return subject if subject.dtype == "float64" else None

    def _contracts(self) -> dict[str, Subject]:
        made = ((name, self._made(shipped_document(name))) for name in CONTRACTS)
        taken = {name: subject for name, subject in made if subject is not None}
        # What gives tokens for tokens is no mechanism of maps, although a layer takes those, too;
        # nor is what takes any map one of tokens, although it takes those of some size.
        plain = {name: subject for name, subject in taken.items() if not subject.tried} or taken
        return {name: subject for name, subject in plain.items() if answers(subject)} or plain

    def _takes(self, spec: SpecDocument) -> bool:
        """Say whether a spec has a call that the subject may take.

        Of calls that no contract has, only trying can tell.
        """
        return not self._known or any(
            ranks in self._known or ranks not in _usual() for ranks in _calls(spec)
        )


def _usual() -> set[Ranks]:
    return set[Ranks]().union(*(_calls(shipped_document(name)) for name in CONTRACTS))


def _layers(subject: Subject) -> Layers:
    module = subject.construct(subject.dims)
    return Layers(module, parameters_beside(subject, module))


def _ranks(call: Mapping[str, Collection[str]]) -> Ranks:
    """Return how many axes the inputs of a call have, numbers left out."""
    return tuple(sorted(len(axes) for axes in call.values() if axes))


def _calls(spec: SpecDocument) -> set[Ranks]:
    return {
        _ranks({name: axes.split() for name, axes in call.items() if name != "returns"})
        for call in spec.calls.values()
    }


def _definition(spec: SpecDocument) -> Mechanism | None:
    from attncheck.reference.mechanism import Mechanism

    found = resolve(spec.reference) if spec.reference else None
    return found if isinstance(found, Mechanism) else None
