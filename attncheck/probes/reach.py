"""Which inputs can change which outputs: per position, per pass, per channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import msgspec

from attncheck.instruments.behaviour.axes import channel_of, few_cases, places_of
from attncheck.instruments.behaviour.draw import UnobservableError
from attncheck.instruments.behaviour.places import (
    channel_group,
    claimed_places,
    describe_channels,
    describe_claim,
    describe_places,
    largest_window,
    terms,
)
from attncheck.instruments.behaviour.reach import Place, Reaching, ReachRow, held_row, violation
from attncheck.instruments.behaviour.sites import Sites, sampled
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_LARGEST_MAP = 40


class Reach(Claim, frozen=True, kw_only=True):
    """An output depends on the claimed input positions, on all of them and on no other.

    ## What it checks
    At the corners, the centre and random outputs. Every input outside the claimed set is
    replaced: the output must not change (one position that changes it is the witness). Every
    input inside must reach it: by gradient under several random parameters, else by large
    changes, else the path is missing, which a NaN that does not come through proves.

    Sets: `self`, `row`, `column`, `all`, `window K` (K×K around the position; K may be a formula
    over dims), `rows K` and `columns K` (K whole rows or columns around its own),
    `block K` (the K×K square of a grid; `block K from S` where the grid begins at S,
    `block K around A` with A places on each side), `whole blocks K` (all of that grid that the map
    does not cut), for tokens
    also `causal` and `causal window K`; joined by ` + `.
    Between sets, ` or ` allows any one of them: a window before a token, or around it.
    `per_pass = { 1 = "row + column", 2 = "all" }` applies the module to its own output.
    `channels` says which input channels an output channel sees: `self`, `all`, `window K`,
    `group G` (G equal parts), `groups of N` (parts of N channels).
    `exact = false` asks only that everything claimed is reached; `most = true` asks only that
    nothing else is. `input` names another input than the main one.

    ## Why it matters
    An attention is defined by what may attend to what. A convolution sold as criss-cross
    attention trains well, and sees its 3×3 neighbours; a scrambled permute leaks pixels from
    anywhere; a window one token too wide is only found by counting.

    ## Example
    `[claims.reach]` with `positions = "row + column"` on a 3×3 convolution: the output at (3, 5)
    reaches 5 of the 17 positions claimed and 4 others: a 3×3 window.
    """

    kind: ClassVar[str] = "reach"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = (
        "repeated",
        "scrambled",
        "divergence",
        "spread",
        "sizes lost",
    )
    turn: ClassVar[int] = 170
    faults: ClassVar[tuple[str, ...]] = (
        "arguments_swapped",
        "receptive_field",
        "relative_index",
        "window_off_by_one",
        "wrong_axis",
    )

    positions: str = ""
    """The set that one call reaches."""
    per_pass: dict[str, str] = msgspec.field(default_factory=dict)
    """Number of passes -> the set that they reach."""
    channels: str = ""
    """The input channels that an output channel sees."""
    exact: bool = True
    """Nothing else may be reached; false: at least the set."""
    most: bool = False
    """Nothing else may be reached, and not all of the set need be."""
    input: str = ""
    """The input whose positions are meant; the main one by default."""

    def __post_init__(self) -> None:
        if not (self.positions or self.per_pass or self.channels):
            raise ValueError("'reach' needs 'positions', 'per_pass' or 'channels'")
        for text in _alternatives(self.positions, *self.per_pass.values()):
            terms(text)
        for passes in self.per_pass:
            if not passes.isdigit() or int(passes) < 1:
                raise ValueError(f"'{passes}' in 'per_pass' is no number of passes")

    def cases(self, subject: Subject) -> Iterator[Case]:
        texts = _alternatives(self.positions, *self.per_pass.values())
        window = max((largest_window(text, subject.dims) for text in texts), default=0)
        grown: dict[str, int] = {"B": 2}
        if window > 5:
            grown |= {
                "H": min(max(subject.dims.get("H", 0), window + 2), _LARGEST_MAP),
                "W": min(max(subject.dims.get("W", 0), window + 5), _LARGEST_MAP),
                "N": min(max(subject.dims.get("N", 0), window + 5), _LARGEST_MAP),
            }
        yield from few_cases(subject, **grown)

    def check(self, trial: Trial) -> Outcome:
        if trial.case.values != "normal":
            return skipped("reach is measured on random values")
        if self.input and self.input not in trial.subject.convention.inputs:
            return skipped(f"the module is called without '{self.input}'")
        try:
            outcomes = list(self._outcomes(trial))
        except UnobservableError as reason:
            return skipped(str(reason))
        for status in ("violated", "undecided"):
            for outcome in outcomes:
                if outcome.status == status:
                    return outcome
        return outcomes[0]

    def _outcomes(self, trial: Trial) -> Iterator[Outcome]:
        by_pass = {int(n): text for n, text in self.per_pass.items()}
        if self.positions:
            by_pass.setdefault(1, self.positions)
        for passes, text in sorted(by_pass.items()):
            yield self._either(trial, passes, text)
        if self.channels:
            yield self._channels(trial)

    def _either(self, trial: Trial, passes: int, text: str) -> Outcome:
        first: Outcome | None = None
        for alternative in _alternatives(text):
            outcome = self._positions(trial, passes, alternative)
            if outcome.status == "holds":
                return outcome
            first = first or outcome
        assert first is not None
        return first

    def _positions(self, trial: Trial, passes: int, text: str) -> Outcome:
        name = self.input or trial.main
        axes, out = trial.axes(name), trial.output_axes
        reach = Reaching(
            trial, name, Sites(axes, places_of(axes)), Sites(out, places_of(out)), passes
        )
        if not reach.inputs.over or not reach.outputs.over:
            return skipped("the input or the output has no positions")
        own, sizes = reach.sizes()
        if len(own) != len(sizes) or (own != sizes and text not in ("all", "nothing")):
            return skipped(f"positions {sizes} of the output are not those of '{name}', {own}")

        def claimed(place: Place) -> torch.Tensor:
            inside = place if own == sizes else tuple(0 for _ in own)
            return claimed_places(text, inside, own, trial.dims)

        after = "" if passes == 1 and not self.per_pass else f"after {_times(passes)} "
        claim = describe_claim(text, trial.dims)
        places = sampled(sizes, trial.case.seed)
        return self._decide(
            reach, places, claimed, f"{after}the output at", "positions", claim, describe_places
        )

    def _channels(self, trial: Trial) -> Outcome:
        name = self.input or trial.main
        axes, out = trial.axes(name), trial.output_axes
        source, answer = channel_of(axes), channel_of(out)
        if not source or not answer:
            return skipped("the input or the output has no channels")
        reach = Reaching(trial, name, Sites(axes, (source,)), Sites(out, (answer,)))
        (inputs,), (outputs,) = reach.sizes()

        def claimed(place: Place) -> torch.Tensor:
            return channel_group(self.channels, place[0], inputs, outputs, trial.dims)

        def describe(seen: torch.Tensor, place: Place) -> str:
            return describe_channels(seen, place[0])

        places = sampled((outputs,), trial.case.seed)
        claim = {"all": "every channel", "self": "its own channel alone"}.get(
            self.channels, self.channels
        )
        return self._decide(reach, places, claimed, "output channel", "channels", claim, describe)

    def _decide(
        self,
        reach: Reaching,
        places: list[Place],
        claimed: Callable[[Place], torch.Tensor],
        subject: str,
        what: str,
        claim: str,
        describe: Callable[[torch.Tensor, Place], str],
    ) -> Outcome:
        doubtful: list[ReachRow] = []
        drawn: dict[str, Any] = {}
        for row in reach.rows(places, claimed, least=not self.exact and not self.most):
            missing = bool(row.missing.any()) and not self.most
            if row.leak is None and not missing:
                drawn = drawn or held_row(row, what, reach.passes)
                continue
            if row.leak is None and not row.sure:
                doubtful.append(row)
                continue
            seen = describe(row.seen, row.output)
            return violation(row, subject, what, reach.passes, claim, seen)
        if doubtful:
            count = int(doubtful[0].missing.sum())
            return undecided(
                f"{count} {what} claimed show no effect, and there are too many to try each"
            )
        return holds(
            f"{claim}, at {len(places)} outputs", outputs=[list(p) for p in places], map=drawn
        )


def _alternatives(*texts: str) -> list[str]:
    """Return the sets of which one must be the set reached."""
    return [part.strip() for text in texts for part in text.split(" or ") if part.strip()]


def _times(passes: int) -> str:
    return {1: "one pass", 2: "two passes", 3: "three passes"}.get(passes, f"{passes} passes")
