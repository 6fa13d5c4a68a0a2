"""A claim: one statement of a spec, and the probe that decides it on one case."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import msgspec

from attncheck.data.report import Finding, Location, Status
from attncheck.subject.case import Case

if TYPE_CHECKING:
    from attncheck.subject.subject import Subject
    from attncheck.subject.trial import Trial


@dataclass(frozen=True)
class Outcome:
    """What a probe saw on one case. ``evidence`` is JSON that a renderer can draw."""

    status: Status
    message: str = ""
    expected: str = ""
    seen: str = ""
    evidence: dict[str, Any] = field(default_factory=dict)
    location: Location | None = None
    related: tuple[Location, ...] = ()

    def at(self, location: Location | None, *related: Location) -> Outcome:
        """Return the same outcome, put on lines of the subject's source."""
        return replace(self, location=location, related=related)


def holds(message: str = "", **evidence: Any) -> Outcome:
    """The claim holds on this case."""
    return Outcome(Status.HOLDS, message, evidence=evidence)


def violated(message: str, *, expected: str = "", seen: str = "", **evidence: Any) -> Outcome:
    """The claim is violated on this case; ``message`` says by what."""
    return Outcome(Status.VIOLATED, message, expected, seen, evidence)


def undecided(message: str, **evidence: Any) -> Outcome:
    """There is not enough evidence on this case; ``message`` says why."""
    return Outcome(Status.UNDECIDED, message, evidence=evidence)


def skipped(message: str, **evidence: Any) -> Outcome:
    """The claim says nothing of this case; ``message`` says why."""
    return Outcome(Status.SKIPPED, message, evidence=evidence)


class Claim(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Base of every claim kind. A probe is a subclass, in a file of its own.

    The subclass's fields are the claim's parameters in a spec, its docstring is the page that
    ``attncheck explain KIND`` prints, and ``check`` decides one case. Whoever runs claims walks
    the cases, confirms a violation by a second run, shrinks it and stores it, so ``check`` must
    depend on nothing but the trial.
    """

    kind: ClassVar[str] = ""
    """The name in specs: lower case with hyphens."""
    needs_call: ClassVar[bool] = True
    """Whether the module must run for it to be tried."""
    watches: ClassVar[Literal["", "constructor", "forward"]] = ""
    """What it says of: that the module can be built, or called. Where such a claim dies of the
    module, it is the module's doing, and nothing after it can be tried."""
    settles: ClassVar[bool] = False
    """Whether it decides what the module computes: what it says is the subject's diagnosis."""
    confirms_itself: ClassVar[bool] = False
    """What the probe sees is exact, or repeated on other values and sizes by itself: no second
    run, no shrinking."""
    located_by: ClassVar[tuple[str, ...]] = ()
    """Strategies of ``attncheck.blame`` that find the line of a violation, best first."""
    limit: ClassVar[str] = ""
    """The use of a right module that a violation stands in the way of, such as ``half``: known to
    the user, and binding where :func:`binding` is asked for it."""
    uses: ClassVar[tuple[str, ...]] = ()
    """What a module is wanted for that the limit stands in the way of: ``--for`` such a use makes
    it binding. ``amp`` (mixed precision), ``deploy`` (a model that runs elsewhere), ``train``,
    ``yolo`` (its trainer, validator and exporter), ``hf`` (a model of ``transformers``)."""
    dear: ClassVar[bool] = False
    """Whether it takes seconds: tried only where its limit, or the claim itself, is asked for."""
    says: ClassVar[str] = ""
    """What it is about: the ``function`` that the definition fixes, or the ``cost`` of it. Where
    the identity is settled, neither accuses the module."""
    of_form: ClassVar[bool] = False
    """Whether it states the form of the definition alone, such as its output's axes: what is proven
    equal has the definition's own form under its options, whatever the spec states of the first."""
    of_decoders: ClassVar[bool] = False
    """Whether every layer meets it that decodes in its model, whatever it computes."""
    turn: ClassVar[int] = 500
    """When it is tried where one violation is enough: first what is cheap and notices much."""
    faults: ClassVar[tuple[str, ...]] = ()
    """Classes of faults, as corpora of known faults call them, that a violation names."""

    advice: bool = False
    """A limitation that users should know: it never changes the verdict."""
    required: bool = True
    """Whether an undecided answer makes the verdict undecided."""
    why: str = ""
    """What the paper says, or why the claim stands here."""
    unless: tuple[str, ...] = ()
    """Options with which the definition itself does not meet it, such as ``sinks`` or
    ``positions != none``: nothing is claimed of a module that is proven with one of them."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        """Yield the cases to try; by default the subject's whole lattice in eval mode."""
        yield from subject.lattice()

    def formulas(self) -> tuple[str, ...]:
        """Return its formulas over dims and options, whose names are checked on reading."""
        return ()

    def answer(self, name: str, status: Status, message: str = "", **more: Any) -> Finding:
        """Return a finding of this claim; ``more`` are further fields of the finding."""
        return Finding(
            claim=name,
            kind=self.kind,
            status=status,
            message=message,
            advice=self.advice,
            required=self.required,
            limit=self.limit,
            **more,
        )

    def check(self, trial: Trial) -> Outcome:
        """Decide the claim on one case. Exceptions of the subject may pass through."""
        raise NotImplementedError(type(self).__name__)
