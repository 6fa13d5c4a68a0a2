"""Logits fall in proportion to the distance of query and key, at each head's own rate."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import ClassVar

from attncheck.instruments.behaviour.places import with_equal_tokens
from attncheck.lazy import torch
from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

_CLOSE = 1e-3
"""How far a rate may be from the stated one, relatively: tables are often in half precision."""


class DistanceSlopes(Claim, frozen=True, kw_only=True):
    """From one key to the next, towards the query, logits rise by one number per head.

    ## What it checks
    With the same token at every position, keys differ by their positions alone. What the softmax
    reads must then rise by the same number from each key to the next, up to the query's own
    place, and the numbers of all heads must be 2^(-8h/n), h = 1 … n. Where n is no power of two,
    the authors' code takes the rates of the next smaller one, then every second of twice as
    many; either is right. A number that a whole row has in common does not matter.

    ## Why it matters
    A bias of the other sign favours what is far; one that is divided by sqrt(d) with the scores,
    or multiplied with them, is another rate than the one that was shown to extrapolate.

    ## Example
    `(q @ k.mT + bias) / math.sqrt(d)` where `q @ k.mT / math.sqrt(d) + bias` is meant.
    """

    kind: ClassVar[str] = "distance-slopes"
    says: ClassVar[str] = "function"
    located_by: ClassVar[tuple[str, ...]] = ("divergence", "scores")
    faults: ClassVar[tuple[str, ...]] = ("operation_order",)

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        axes = trial.axes()
        if "N" not in axes or len(trial.subject.convention.inputs) != 1 or trial.dims["N"] < 3:
            return skipped("no sequence of three tokens that attends to itself")
        size = trial.dims["N"]
        logits, _ = with_equal_tokens(trial)
        if not logits:
            return undecided("no softmax over pairs of tokens is seen")
        rates, bent = _rates(torch.cat([found.reshape(-1, size, size) for found in logits]))
        heads = trial.dims.get("heads", 0)
        if len(rates) % max(heads, 1) or not heads:
            heads = len(rates) // trial.dims["B"]
        if bent > _CLOSE:
            return violated(
                f"with the same token everywhere, logits do not rise evenly towards the query: "
                f"from one key to the next by numbers that are {bent:.3g} apart, relatively",
                expected="one number per head",
                seen=f"numbers {bent:.3g} apart",
            )
        return _compared(rates, heads)


def _rates(visible: torch.Tensor) -> tuple[list[float], float]:
    """Return by how much each head's logits rise towards the query, and how unevenly at most."""
    size = visible.shape[-1]
    towards = torch.ones(size, size - 1, dtype=torch.bool).tril(-1)
    rates: list[float] = []
    bent = 0.0
    for head in visible.diff(dim=-1):  # (query, key - 1)
        seen = head[towards & ~head.isnan()]
        if not seen.numel():
            continue
        mean = float(seen.mean())
        rates.append(mean)
        bent = max(bent, float((seen - mean).abs().max()) / max(abs(mean), 1e-6))
    return rates, bent


def _compared(rates: list[float], heads: int) -> Outcome:
    seen = sorted(rates, reverse=True)[:: max(len(rates) // heads, 1)]
    stated = [_plain(heads), _published(heads)]
    for wanted in stated:
        pairs = zip(sorted(wanted, reverse=True), seen, strict=False)
        if len(seen) == heads and all(abs(a - b) <= _CLOSE * abs(a) for a, b in pairs):
            return holds(rates=seen)
    shown, wanted_shown = (", ".join(f"{r:.3g}" for r in rs[:4]) for rs in (seen, stated[0]))
    return violated(
        f"with the same token everywhere, logits rise by {shown}"
        f"{' …' if heads > 4 else ''} per step towards the query, not by {wanted_shown}"
        f"{' …' if heads > 4 else ''}",
        expected="2^(-8h/n) for the heads h = 1 … n",
        seen=shown,
        rates=seen,
    )


def _plain(heads: int) -> list[float]:
    return [2.0 ** (-8 * h / heads) for h in range(1, heads + 1)]


def _published(heads: int) -> list[float]:
    """The authors' rates, where the heads are no power of two."""
    power = 2 ** math.floor(math.log2(heads))
    more = [2.0 ** (-4 * h / power) for h in range(1, 2 * (heads - power) + 1, 2)]
    return _plain(power) + more
