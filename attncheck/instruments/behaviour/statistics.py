"""Statistics of an input that a gate may depend on, and changes that keep some of them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from attncheck.instruments.behaviour.axes import channel_of, indices, places_of
from attncheck.instruments.behaviour.gate import away_from_zero
from attncheck.lazy import torch

_BOXES = 64
_STEP = 0.45
_PEAK = 3.0
_OWN = 5

MEANS = ("channel means", "row means", "column means", "position means", "token means", "mean")
MAXIMA = ("channel maxima", "row maxima", "column maxima", "position maxima", "token maxima")
OWN = ("self", "position", "channel")
SPREADS = ("channel variances",)
NAMES = (*MEANS, *MAXIMA, *SPREADS, *OWN)


@dataclass
class Drawn:
    """An input on which the named statistics are well defined, with what keeping them asks.

    Attributes:
        x: the input: nowhere near zero, one clear maximum where maxima count.
        frozen: elements that a change which keeps everything must leave alone.
        own: elements at which the observation counts, where a statistic is the element's own
            value, position or channel; None where it counts everywhere.
    """

    axes: tuple[str, ...]
    names: tuple[str, ...]
    x: torch.Tensor
    frozen: torch.Tensor
    own: torch.Tensor | None
    source: torch.Generator

    @staticmethod
    def new(
        axes: tuple[str, ...],
        shape: tuple[int, ...],
        names: Sequence[str],
        seed: int,
        dtype: torch.dtype,
    ) -> Drawn:
        """Draw an input for these statistics."""
        source = torch.Generator().manual_seed(31 * seed + 7)
        x = away_from_zero(shape, 31 * seed + 8, dtype)
        frozen = torch.zeros(shape, dtype=torch.bool)
        for name in names:
            if name in MAXIMA:
                over = indices(axes, reduced_axes(name, axes))
                keys = torch.rand(shape, generator=source)
                frozen |= keys == keys.amax(over, keepdim=True)
        peaks = _PEAK + 0.5 * torch.rand(shape, generator=source, dtype=torch.float64)
        x = torch.where(frozen, peaks.to(dtype), x)
        own = None
        for name in names:
            if name in OWN:
                mask = torch.zeros(shape, dtype=torch.bool)
                chosen = torch.randint(0, x.numel(), (_OWN,), generator=source)
                mask.view(-1)[chosen] = True
                over = indices(axes, reduced_axes(name, axes))
                if over:
                    mask = mask.amax(over, keepdim=True).expand(shape).clone()
                own = mask if own is None else own & mask
        if own is not None:
            frozen = frozen | own
        return Drawn(axes, tuple(names), x, frozen, own, source)

    def _over(self, names: Sequence[str]) -> list[tuple[int, ...]]:
        return [indices(self.axes, reduced_axes(name, self.axes)) for name in names]

    def keeping(self) -> Iterator[torch.Tensor]:
        """Yield inputs that differ from ``x`` and have the same named statistics."""
        means = [n for n in self.names if n in MEANS]
        spreads = [n for n in self.names if n in SPREADS]
        if not spreads and not bool(self.frozen.any()):
            noise = self._noise()
            for over in self._over(means):
                noise = noise - noise.mean(over, keepdim=True)
            if float(noise.abs().max()) > 1e-6:
                yield self.x + _STEP * noise / noise.abs().max()
        if not spreads:
            change = self._boxes(self._over(means), ~self.frozen)
            if bool(change.any()):
                yield self.x + change
        shared = {over for over in self._over([n for n in self.names if n not in OWN]) if over}
        if len(shared) == 1 and (shuffled := self._shuffled(shared.pop())) is not None:
            yield shuffled

    def altering(self, name: str) -> Iterator[torch.Tensor]:
        """Yield inputs in which this statistic differs and the other named ones do not.

        Where another one follows from it (a channel's mean from its rows'), that one changes too.
        """
        means = [n for n in self.names if n in MEANS and n != name]
        over = indices(self.axes, reduced_axes(name, self.axes))
        if name in MEANS:
            noise = self._noise().mean(over, keepdim=True).expand(self.x.shape)
            for other in self._over(means):
                if not set(over) <= set(other) or set(other) == set(over):
                    less = noise - noise.mean(other, keepdim=True)
                    noise = less if float(less.abs().max()) > 1e-9 else noise
            noise = torch.where(self.frozen, torch.zeros_like(noise), noise)
            if float(noise.abs().max()) > 0:
                yield self.x + _STEP * noise / noise.abs().max()
        elif name in MAXIMA or name in OWN:
            corners = self.frozen if self.own is None or name in MAXIMA else self.own
            yield self.x + self._boxes(self._over(means), ~self.frozen, corners)
        else:
            mean = self.x.mean(over, keepdim=True)
            factor = 1 + 0.2 * torch.rand(mean.shape, generator=self.source).to(self.x)
            wider = mean + factor * (self.x - mean)
            yield torch.where(self.frozen, self.x, wider)

    def _noise(self) -> torch.Tensor:
        return torch.randn(self.x.shape, generator=self.source, dtype=torch.float64).to(self.x)

    def _boxes(
        self,
        groups: list[tuple[int, ...]],
        allowed: torch.Tensor,
        corners: torch.Tensor | None = None,
    ) -> torch.Tensor:
        """Return changes +a, −a at corners of small boxes: every group of axes sums to zero.

        Args:
            groups: for each mean that is to stay, the axes over which it is taken.
            allowed: the elements that may change.
            corners: elements of which each box has one, raised; None for boxes anywhere.
        """
        change = torch.zeros_like(self.x)
        free = allowed.clone()
        spots = corners.nonzero() if corners is not None else None
        for _ in range(_BOXES):
            if spots is not None:
                start = spots[int(torch.randint(0, len(spots), (1,), generator=self.source))]
            else:
                start = torch.tensor([self._pick(n) for n in self.x.shape])
            split = sorted({over[self._pick(len(over))] for over in groups if over})
            if any(self.x.shape[axis] < 2 for axis in split):
                continue
            ends = {axis: self._other(int(start[axis]), self.x.shape[axis]) for axis in split}
            box = [
                tuple(ends[a] if a in moved else int(i) for a, i in enumerate(start))
                for size in range(len(split) + 1)
                for moved in itertools.combinations(split, size)
            ]
            inner = box[1:] if spots is not None else box
            if not all(bool(free[place]) for place in inner):
                continue
            signs = [(-1) ** sum(a != b for a, b in zip(p, box[0], strict=True)) for p in box]
            step = _STEP * (0.5 + 0.5 * float(torch.rand(1, generator=self.source)))
            if spots is None and self._pick(2):
                step = -step
            for place, sign in zip(box, signs, strict=True):
                change[place] += sign * step
                free[place] = False
        return change

    def _pick(self, count: int) -> int:
        return int(torch.randint(0, count, (1,), generator=self.source))

    def _other(self, index: int, count: int) -> int:
        return (index + 1 + self._pick(count - 1)) % count

    def _shuffled(self, over: tuple[int, ...]) -> torch.Tensor | None:
        """Permute the elements that may change among themselves, along these axes."""
        rest = [i for i in range(self.x.ndim) if i not in over]
        order = (*rest, *over)
        back = [order.index(i) for i in range(self.x.ndim)]
        count = 1
        for axis in over:
            count *= self.x.shape[axis]
        rows = self.x.permute(order).reshape(-1, count).clone()
        free = (~self.frozen).permute(order).reshape(-1, count)
        for row, may in zip(rows, free, strict=True):
            places = may.nonzero()[:, 0]
            if len(places) > 1:
                row[places] = row[places[torch.randperm(len(places), generator=self.source)]]
        shape = [self.x.shape[i] for i in order]
        result = rows.reshape(shape).permute(back).contiguous()
        return None if torch.equal(result, self.x) else result


def reduced_axes(name: str, axes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the axes over which a statistic is taken; ``self`` has none.

    ``channel`` and ``position`` as values of their own are all that stands in a channel, or at a
    place: the axes that vary inside them are returned.
    """
    places, channel = places_of(axes), channel_of(axes)
    match name.split()[0]:
        case "channel":
            return places
        case "row":
            return places[1:]
        case "column":
            return places[:1]
        case "position" | "token":
            return (channel,)
        case "mean":
            return (*places, channel)
    return ()
