"""Which input sites can change an output site: flood, gradient rows, NaN flood.

Replacing inputs and following gradients can only miss a path, a NaN can only add one. So a leak
found by replacing is proved; a site that no NaN comes from is proved unreached; and a site that
gradients and large changes never show, though a NaN passes, is unreached on all that was tried.
A report says of one row of reach: the sets as rows of zeros and ones, to be drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from attncheck.instruments.behaviour.draw import Draw, new_draw
from attncheck.instruments.behaviour.sites import Sites, flat_index, unflat
from attncheck.lazy import torch
from attncheck.subject.claim import Outcome, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.tolerance import budget, rounding
from attncheck.subject.trial import Trial

_DRAWS = 3
_MOST_DRAWS = 8
_MOST_SINGLE = 48

Place = tuple[int, ...]


@dataclass
class ReachRow:
    """What is known of one output site. Sets are booleans over the input's sites."""

    output: Place
    claimed: torch.Tensor
    seen: torch.Tensor
    leak: Place | None = None
    proved: bool = False
    """No NaN comes from the sites that are claimed and were never seen."""
    sure: bool = True
    """Every claimed site that was not seen was tried with large changes."""

    @property
    def missing(self) -> torch.Tensor:
        """The sites claimed and never seen."""
        return self.claimed & ~self.seen


@dataclass
class Reaching:
    """Measures rows of one trial.

    Attributes:
        trial: the subject on a case.
        name: the input that is changed.
        inputs: its sites.
        outputs: the output's sites.
        passes: how often the module is applied to its own output.
    """

    trial: Trial
    name: str
    inputs: Sites
    outputs: Sites
    passes: int = 1
    _draws: dict[int, Draw] = field(default_factory=dict)

    def draw(self, seed: int) -> Draw:
        """Return one random module, input and output; with small weights for a seed below zero.

        Raises:
            UnobservableError: the output has another shape, or is not finite.
        """
        if seed not in self._draws:
            self._draws[seed] = new_draw(
                self.trial, self.name, self.passes, abs(seed), soft=seed < 0
            )
        return self._draws[seed]

    def sizes(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Return the sizes of the input's and of the output's site axes."""
        draw = self.draw(0)
        return self.inputs.sizes(draw.x), self.outputs.sizes(draw.y)

    def rows(
        self, places: list[Place], claimed: Callable[[Place], torch.Tensor], *, least: bool = False
    ) -> Iterator[ReachRow]:
        """Yield what is known of each output site.

        Args:
            places: the output sites.
            claimed: the set that each may, and must, depend on.
            least: more may be reached than is claimed, so nothing leaks.
        """
        rows = [
            ReachRow(place, claimed(place), torch.zeros_like(claimed(place))) for place in places
        ]
        waiting = rows
        for seed in range(_MOST_DRAWS):
            self._follow_gradients(seed, waiting)
            waiting = [row for row in waiting if bool(row.missing.any())]
            if not waiting:
                break
        for row in rows:
            if not least and self._leaks(row):
                for seed in range(1, _DRAWS):
                    self._follow_gradients(seed, [row])
            if bool(row.missing.any()):
                self._press(row)
            yield row

    def _follow_gradients(self, seed: int, rows: list[ReachRow]) -> None:
        """Add the sites that have a gradient, under a random projection of the channels."""
        draw = self.draw(seed)
        x = draw.x.clone().requires_grad_()
        try:
            values = self.outputs.rows(draw.function(x))
            weights = torch.randn(
                values.shape[1], dtype=values.dtype, generator=torch.Generator().manual_seed(seed)
            )
            for row in rows:
                index = flat_index(row.output, self.outputs.sizes(draw.y))
                if not values.requires_grad:
                    return
                (gradient,) = torch.autograd.grad(
                    (values[index] * weights).sum(), x, retain_graph=True, allow_unused=True
                )
                if gradient is not None:
                    row.seen |= self._felt(gradient)
        except (RuntimeError, SubjectError):
            return  # without gradients the changes below decide alone

    def _felt(self, gradient: torch.Tensor) -> torch.Tensor:
        size = self.inputs.rows(gradient.nan_to_num(0.0)).abs().amax(1)
        floor = rounding(float(size.max()), gradient.dtype, 2**8)
        return (size > floor).reshape(self.inputs.sizes(gradient))

    def _changes(
        self, draw: Draw, row: ReachRow, sites: torch.Tensor, values: torch.Tensor
    ) -> bool:
        """Say whether putting these values at these sites changes the output site."""
        mask = self.inputs.spread(sites, draw.x)
        with torch.no_grad():
            after = draw.function(torch.where(mask, values, draw.x))
        index = flat_index(row.output, self.outputs.sizes(draw.y))
        before, now = self.outputs.rows(draw.y)[index], self.outputs.rows(after)[index]
        change = (now - before).abs().max()
        return not bool(change <= budget(draw.y))

    def _values(self, draw: Draw, row: ReachRow, seed: int) -> Iterator[torch.Tensor]:
        """Yield replacements: fresh, large of both signs, and those of the output's own site."""
        noise = torch.randn(
            draw.x.shape, dtype=draw.x.dtype, generator=torch.Generator().manual_seed(seed)
        )
        yield 2 * noise
        total = max(self.inputs.rows(draw.x).shape[0], 8)
        yield draw.x + total * noise.abs()
        yield draw.x - total * noise.abs()
        own = self.inputs.sizes(draw.x)
        if own == self.outputs.sizes(draw.y):
            axes = [self.inputs.axes.index(a) for a in self.inputs.over]
            here = draw.x
            for axis, i in zip(axes, row.output, strict=True):
                here = here.narrow(axis, i, 1)
            yield (4 * here).expand(draw.x.shape)

    def _leaks(self, row: ReachRow) -> bool:
        """Replace everything outside the claimed set; on a change find one site that made it."""
        outside = ~row.claimed
        if not bool(outside.any()):
            return False
        for seed in range(2):
            draw = self.draw(seed)
            values = next(self._values(draw, row, 100 + seed))
            if self._changes(draw, row, outside, values):
                row.leak = self._bisect(draw, row, outside, values)
                row.seen[row.leak] = True
                return True
        return False

    def _bisect(
        self, draw: Draw, row: ReachRow, sites: torch.Tensor, values: torch.Tensor
    ) -> Place:
        left = [int(i) for i in sites.flatten().nonzero()]
        while len(left) > 1:
            half = torch.zeros(sites.numel(), dtype=torch.bool)
            half[left[: len(left) // 2]] = True
            changed = self._changes(draw, row, half.reshape(sites.shape), values)
            left = left[: len(left) // 2] if changed else left[len(left) // 2 :]
        return unflat(left[0], tuple(sites.shape))

    def _press(self, row: ReachRow) -> None:
        """Try the sites that no gradient came from: all at once, then each, then with NaN.

        Where a NaN comes through, small weights have the last word: a kernel such as exp(-|k|²)
        drowns a site that it sees.
        """
        for seed in range(_DRAWS):
            draw = self.draw(seed)
            for values in self._values(draw, row, 200 + seed):
                if bool(row.missing.any()) and self._changes(draw, row, row.missing, values):
                    self._press_each(draw, row, values)
        if bool(row.missing.any()):
            draw = self.draw(0)
            nan = torch.full_like(draw.x, float("nan"))
            with torch.no_grad():
                after = draw.function(
                    torch.where(self.inputs.spread(row.missing, draw.x), nan, draw.x)
                )
            index = flat_index(row.output, self.outputs.sizes(draw.y))
            row.proved = not bool(self.outputs.rows(after)[index].isnan().any())
        if bool(row.missing.any()) and not row.proved:
            for seed in range(1, _DRAWS):
                self._follow_gradients(-seed, [row])

    def _press_each(self, draw: Draw, row: ReachRow, values: torch.Tensor) -> None:
        left = [int(i) for i in row.missing.flatten().nonzero()]
        row.sure = len(left) <= _MOST_SINGLE
        for i in left[:_MOST_SINGLE]:
            single = torch.zeros(row.seen.numel(), dtype=torch.bool)
            single[i] = True
            if self._changes(draw, row, single.reshape(row.seen.shape), values):
                row.seen.view(-1)[i] = True


def violation(
    row: ReachRow, subject: str, what: str, passes: int, claim: str, seen: str
) -> Outcome:
    """Return the outcome of a row that is not as claimed.

    Args:
        row: the output site.
        subject: what is before its place in the message: ``the output at``.
        what: ``positions`` or ``channels``.
        passes: how often the module was applied to its own output.
        claim: the set that is claimed, in words.
        seen: the set that was seen, in words.
    """
    total, hit = int(row.claimed.sum()), int((row.claimed & row.seen).sum())
    extra = int((row.seen & ~row.claimed).sum())
    place = str(row.output[0]) if len(row.output) == 1 else str(row.output)
    others = f" and {extra} other{'s' * (extra != 1)}" if extra else ""
    message = f"{subject} {place} reaches {hit} of the {total} {what} claimed{others}: "
    message += f"{seen}, not {claim}"
    return replace(
        violated(message, expected=claim, seen=seen), evidence=_violated_row(row, what, passes)
    )


def held_row(row: ReachRow, what: str, passes: int) -> dict[str, Any]:
    """Return the map of a row that is as claimed, each of its rows as one text: ``0100``."""
    return {
        "output": list(row.output),
        "size": list(row.claimed.shape),
        "claimed": ["".join(map(str, line)) for line in _matrix(row.claimed)],
        "seen": ["".join(map(str, line)) for line in _matrix(row.seen)],
        "what": what,
        "passes": passes,
    }


def _violated_row(row: ReachRow, what: str, passes: int) -> dict[str, Any]:
    evidence: dict[str, Any] = {
        "output": list(row.output),
        "size": list(row.claimed.shape),
        "claimed": _matrix(row.claimed),
        "seen": _matrix(row.seen),
        "proved": row.leak is not None or row.proved,
        "what": what,
        "passes": passes,
    }
    if row.leak is not None:
        evidence["leak"] = list(row.leak)
    return evidence


def _matrix(mask: torch.Tensor) -> list[list[int]]:
    return [[int(v) for v in line] for line in mask.reshape(-1, mask.shape[-1])]
