"""The whole sequence in one call, of a module that looks at no later token."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from attncheck.instruments.attention.caches import CacheWay, Decoder
from attncheck.instruments.attention.masks import MaskWay
from attncheck.instruments.attention.offers import ways_of
from attncheck.lazy import torch
from attncheck.signature.masks import is_per_query
from attncheck.subject.raising import SubjectError
from attncheck.subject.tolerance import budget, difference
from attncheck.subject.trial import Trial

REFUSALS = (SubjectError, LookupError, TypeError, ValueError, RuntimeError, AttributeError)
"""What a call with a cache may raise that is not made so."""


@dataclass(frozen=True)
class FullPass:
    """A subject whose full pass does not look ahead, perhaps because a mask says so."""

    trial: Trial
    masked: bool = False

    def hidden(self, size: int) -> torch.Tensor | None:
        """Return what its mask hides of so many tokens, None where it takes none."""
        if not self.masked:
            return None
        late = torch.ones(size, size, dtype=torch.bool).triu(1)
        return late.expand(self.trial.dims.get("B", 1), size, size)

    def sized(self, size: int) -> Trial:
        """Return the trial with so many tokens."""
        return self.trial.with_case(dims={"N": size})

    def decoder(self, way: CacheWay, size: int) -> Decoder:
        """Return a module that is fed so many tokens piece by piece."""
        trial = self.sized(size)
        return Decoder(way, trial, trial.module(), self.hidden(size))

    def full(self, size: int, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs of the whole sequence in one call, without a cache."""
        plain = self.decoder(CacheWay(""), size)
        return plain.trial.run(plain.module, plain.given(x, 0, size))


def full_passes(trial: Trial) -> Iterator[FullPass]:
    """Yield how the full pass looks at no later token: by itself, and by masks of rows."""
    size = trial.dims["N"]
    ways = [w for w in ways_of(trial.subject, trial)[0] if is_per_query(w.argument.axes)]
    ways += [other for way in ways if (other := _of_four(way))]
    for way in (None, *ways):
        found = FullPass(_with(trial, way), way is not None)
        try:
            x = found.trial.inputs()[trial.main]
            full = found.full(size, x)
            first = found.full(size // 2 + 1, x[:, : size // 2 + 1])
        except REFUSALS:
            continue
        if difference(first, full[:, : size // 2 + 1]) <= budget(full):
            yield found


def _of_four(way: MaskWay) -> MaskWay | None:
    """Return the same mask with the axes of samples and heads, where it has neither."""
    if len(way.argument.axes) > 2 or way.argument.order:
        return None
    axes = ("B", "1", *way.argument.axes)
    return replace(way, argument=replace(way.argument, axes=axes))


def _with(trial: Trial, way: MaskWay | None) -> Trial:
    return trial if way is None else Trial(way.applied(trial.subject), trial.case)
