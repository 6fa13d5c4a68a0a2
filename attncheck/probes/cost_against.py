"""The mechanism costs as much less than another one as its paper claims."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec

from attncheck.data.formula import Formula
from attncheck.errors import SpecError
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.instruments.counting.predicted import Predicted

_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_BOUND = re.compile(r"^\s*(<=|>=|<|>)\s*(.+)$")


class CostAgainst(Claim, frozen=True, kw_only=True):
    """The module needs a stated fraction of another mechanism's work or memory.

    ## What it checks
    The multiply-accumulates, and the peak memory of a forward pass in float32 (of a forward and
    a backward pass with `training = true`), of the module and of the other mechanism's reference
    at the dims `at`. Only shapes are computed, so the dims may be those of the paper. `passes`
    multiplies the module's work where the paper calls it several times; memory is freed between
    passes and is not multiplied. `macs` and `memory` are bounds on the ratio, such as
    `"<= 0.16"`; the number may be a formula over dims.

    ## Why it matters
    Less work than full attention is the reason that many mechanisms exist; a module that builds
    the whole N × N matrix and masks it has the right outputs and none of the savings.

    ## Example
    Criss-cross attention, two passes, against a non-local block at C = 512 and 97 × 97:
    at most 0.16 of the multiply-accumulates.
    """

    kind: ClassVar[str] = "cost-against"
    says: ClassVar[str] = "cost"
    confirms_itself: ClassVar[bool] = True  # shapes alone decide, and at these sizes only
    located_by: ClassVar[tuple[str, ...]] = ("built",)
    turn: ClassVar[int] = 1030

    mechanism: str
    """The id of the spec whose reference is the other side."""
    at: dict[str, int] = msgspec.field(default_factory=dict)
    """Dims of the comparison; what is not named stays at each spec's default."""
    passes: int = 1
    """How often the module is called for the one result."""
    macs: str = ""
    """A bound on the ratio of multiply-accumulates."""
    memory: str = ""
    """A bound on the ratio of peak memory."""
    training: bool = False
    """Whether the memory is that of a training step: forward, backward, all that autograd keeps."""

    def __post_init__(self) -> None:
        if not self.macs and not self.memory:
            raise ValueError("state a bound: macs or memory")
        for text in filter(None, (self.macs, self.memory)):
            match = _BOUND.match(text)
            if match is None:
                raise ValueError(f"'{text}' is no bound: write '<= 0.16'")
            try:
                Formula(match.group(2))
            except SpecError as error:
                raise ValueError(str(error)) from None

    def cases(self, subject: Subject) -> Iterator[Case]:
        """Yield the one case of the comparison."""
        wanted = {name: size for name, size in self.at.items() if name in subject.dims}
        yield subject.base(dims=wanted)

    def check(self, trial: Trial) -> Outcome:
        from attncheck.instruments.counting.predicted import predict

        subject = trial.subject
        fixed = {n for n, size in self.at.items() if subject.dims.get(n, size) != size}
        if kept := sorted(fixed - subject.variable - subject.binding.follows):
            sizes = ", ".join(f"{name} = {subject.dims[name]}" for name in kept)
            why = f"the module has {sizes} and cannot be compared at other sizes"
            return skipped(why, mechanism=self.mechanism)
        theirs = _cost_of(self.mechanism, tuple(sorted(self.at.items())), self.training)
        try:
            ours = predict(subject, trial.dims, training=self.training)
        except SubjectError as error:
            why = f"its cost cannot be predicted from shapes: {error}"
            return undecided(why, mechanism=self.mechanism)
        if ours.unpriced or theirs.unpriced:
            names = ", ".join((*ours.unpriced, *theirs.unpriced))
            return undecided(f"no price is known for {names}", mechanism=self.mechanism)
        work, memory = ours.macs * self.passes, ours.memory
        seen: dict[str, Any] = {
            "macs": [work, theirs.macs],
            "memory": [memory, theirs.memory],
            "mechanism": self.mechanism,
            "passes": self.passes,
        }
        calls = f"{self.passes} × {ours.macs:,}" if self.passes > 1 else f"{ours.macs:,}"
        told, broken, open_ = [], [], False
        for name, bound, mine, others in (
            (f"{calls} MACs", self.macs, work, theirs.macs),
            (f"{memory:,} bytes", self.memory, memory, theirs.memory),
        ):
            if not bound:
                continue
            ratio = mine / others if others else float("inf")
            told.append(f"{name} are {ratio:.3f} of the {others:,} of {self.mechanism}")
            if not _within(bound, ratio, trial.dims):
                broken.append(bound)
                # A fused kernel never holds the matrix that meta computes step by step.
                open_ = open_ or (name.endswith("bytes") and ours.fused)
        message = "; ".join(told)
        if open_:
            return undecided(f"{message}: a fused kernel needs less than shapes tell", **seen)
        if broken:
            expected = " and ".join(broken)
            return violated(f"{message}; claimed {expected}", expected=expected, **seen)
        return holds(message, **seen)


def _within(bound: str, ratio: float, dims: dict[str, int]) -> bool:
    match = _BOUND.match(bound)
    assert match is not None
    return _COMPARE[match.group(1)](ratio, float(Formula(match.group(2)).evaluate(dims)))


@lru_cache(maxsize=8)
def _cost_of(mechanism: str, at: tuple[tuple[str, int], ...], training: bool) -> Predicted:
    from attncheck.instruments.counting.predicted import predict

    other = _reference(mechanism)
    dims = other.dims_with(**{name: size for name, size in at if name in other.dims})
    return predict(other, dims, training=training)


def _reference(mechanism: str) -> Subject:
    """Return the other mechanism's executable definition as a subject.

    Raises:
        SpecError: there is no such mechanism, or it has no reference.
    """
    from attncheck.spec.shelf import shipped_document
    from attncheck.subject.prepare import Request, prepare

    document = shipped_document(mechanism)
    if not document.reference:
        raise SpecError(f"'{mechanism}' has no reference to compare with")
    request = Request(
        name="reference", target=document.reference, arguments=document.reference_arguments
    )
    return prepare(document, request)[0]
