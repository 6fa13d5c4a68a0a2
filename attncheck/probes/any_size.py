"""One module works on inputs of other sizes than those it was first given."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from attncheck.lazy import torch
from attncheck.signature.names import dim_named
from attncheck.source.raised import is_own_refusal, where_raised
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial

_SIZES = ("H", "W", "N", "M")


class AnySize(Claim, frozen=True, kw_only=True):
    """A module that was built once takes maps, or sequences, of any size.

    ## What it checks
    One module, called at its base size, then at others: smaller, larger, odd, twice and three
    times the base. The output keeps its shape and equals that of a fresh copy which saw no other
    size. A module that takes multiples of its base size only (windows, blocks) is not blamed, nor
    is one that says itself, by raising an error of its own, which sizes it refuses.

    ## Why it matters
    Detectors are trained on crops and run on whole images. A pooling of a fixed size, or a table
    cached at the first call, breaks then.

    ## Example
    `nn.AvgPool2d((h, 1))` where `nn.AdaptiveAvgPool2d((None, 1))` is meant.
    """

    kind: ClassVar[str] = "any-size"
    located_by: ClassVar[tuple[str, ...]] = ("sizes lost", "typed sizes")
    turn: ClassVar[int] = 260
    faults: ClassVar[tuple[str, ...]] = ("size_hard_coded",)

    constructed: bool = True
    """Whether sizes that the constructor takes may stay fixed; with false they may not."""

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        base = Trial(trial.subject, trial.subject.base(seed=trial.case.seed))
        sizes = [name for name in _SIZES if name in _input_dims(base)]
        if not sizes:
            return skipped("the inputs have no size that may vary")
        module = base.module()
        here = base.run(module, base.inputs())
        if tuple(here.shape) != base.sizes(base.output_axes):
            return skipped("the shape is another at the base size already")
        failed: list[tuple[Trial, Outcome, SubjectError | None]] = []
        multiples = 0
        for factor, there in _others(base, sizes):
            outcome, error = _at(base, there, module)
            if outcome is not None:
                failed.append((there, outcome, error))
            elif factor:
                multiples += 1
        if not failed:
            return holds()
        there, outcome, error = failed[0]
        tried = {name: there.dims[name] for name in sizes}
        if _fixed(trial.subject) & set(sizes) and self.constructed:
            return skipped(f"fixed to the size given to the constructor: {outcome.message}")
        if error is not None and is_own_refusal(error.error):
            return skipped(f"the module says which sizes it takes: {error}")
        if multiples == 2 and all(e is not None for _, _, e in failed):
            return holds("sizes must be multiples of a window", refused=tried)
        return outcome


def _input_dims(trial: Trial) -> set[str]:
    return {axis for axes in trial.subject.convention.inputs.values() for axis in axes}


def _fixed(subject: Subject) -> set[str]:
    """Return the sizes that the constructor is given: by a name we know, or by their value.

    A table of `positions=25` for a map of 5 × 5 is told by its number alone.
    """
    named = set(subject.pinned | subject.binding.follows)
    dims = subject.dims
    area = dims.get("H", 0) * dims.get("W", 0)
    for parameter, value in subject.binding.literal.items():
        if dim_named(parameter, dims, subject.spec.names) in ("", *_SIZES):
            numbers = value if isinstance(value, (tuple, list)) else [value]
            named |= {name for name in _SIZES if dims.get(name) in numbers}
            named |= {"H", "W"} if area in numbers else set()
    return named


def _others(base: Trial, sizes: list[str]) -> Iterator[tuple[bool, Trial]]:
    """Yield (whether a multiple of the base, the trial at that size)."""
    own = {name: base.dims[name] for name in sizes}
    wanted: list[tuple[bool, dict[str, int]]] = [
        (True, {name: 2 * size for name, size in own.items()}),
        (True, {name: (3 if name in ("W", "M") else 1) * size for name, size in own.items()}),
        (False, {"H": 5, "W": 9, "N": 5, "M": 8}),
        (False, {"H": 14, "W": 11, "N": 13, "M": 3}),
    ]
    if len(sizes) == 1:
        wanted[1] = (True, {name: 3 * size for name, size in own.items()})
    for multiple, dims in wanted:
        dims = {name: size for name, size in dims.items() if name in own}
        there = base.with_case(dims=dims)
        if base.subject.in_domain(there.dims) and dims != own:
            yield multiple, there


def _at(
    base: Trial, there: Trial, module: torch.nn.Module
) -> tuple[Outcome | None, SubjectError | None]:
    """Return what is wrong at another size, and what was raised."""
    inputs = there.inputs()
    size = " ".join(
        f"{n}={there.dims[n]}" for n in _SIZES if n in there.dims and n in _input_dims(there)
    )
    try:
        output = there.run(module, inputs)
        expected = there.sizes(there.output_axes)
        if tuple(output.shape) != expected:
            said = f"at {size} the output is {tuple(output.shape)}, expected {expected}"
            return violated(said, expected=str(expected), seen=str(tuple(output.shape))), None
        fresh = there.run(base.module(), inputs)
    except SubjectError as error:
        outcome = violated(
            f"built once and called at {size}: {error}",
            expected="an output of the input's size",
            seen=type(error.error).__name__,
        )
        return outcome.at(where_raised(error.error)), error
    change = difference(output, fresh)
    if change <= budget(fresh):
        return None, None
    return violated(
        f"at {size} the output differs by {change:.3g} from that of a module that saw no other "
        "size before",
        expected="the same output",
        seen=f"a difference of {change:.3g}",
    ), None
