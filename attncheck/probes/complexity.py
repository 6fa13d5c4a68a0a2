"""How the cost grows with the number of positions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, ClassVar, Literal

from attncheck.subject.case import Case
from attncheck.subject.claim import Claim, Outcome, holds, skipped, undecided, violated
from attncheck.subject.raising import SubjectError
from attncheck.subject.subject import Subject
from attncheck.subject.trial import Trial

if TYPE_CHECKING:
    from attncheck.instruments.counting.growth import Scaling

_MOST_LAYERS = 3
_ORDER = re.compile(r"^(1|N)(\^(\d+(\.\d+)?))?$")


class Complexity(Claim, frozen=True, kw_only=True):
    """The cost grows as the paper says, with the number N of positions or tokens.

    ## What it checks
    Multiply-accumulates (or bytes of peak memory) are counted on shapes alone, at seven sizes of
    a square map or a sequence; the exact polynomial through them, which two further sizes must
    confirm to the last unit, is the cost as a function of N. Its leading power must be `order`:
    `1`, `N`, `N^1.5` (criss-cross: H + W scores for each of H·W positions), `N^2`. Where no
    polynomial fits, as with windows that do not divide the size, the claim is undecided. A block
    that hosts the mechanism beside convolutions of its own is passed over where these grow
    faster than the mechanism.

    ## Why it matters
    "Linear attention" that multiplies queries with keys first is quadratic; at the author's
    size nobody sees the difference, at the user's it does not fit the device.

    ## Example
    `(q @ k.mT) @ v` in place of `q @ (k.mT @ v)`: N² under `order = "N"`.
    """

    kind: ClassVar[str] = "complexity"
    says: ClassVar[str] = "cost"
    confirms_itself: ClassVar[bool] = True  # counts, and two sizes foretold

    order: str
    """The leading power: `1`, `N`, `N^1.5`, `N^2`."""
    of: Literal["macs", "memory"] = "macs"
    """What grows."""

    def __post_init__(self) -> None:
        if not _ORDER.match(self.order):
            raise ValueError(f"'{self.order}' is no order: write 1, N, N^1.5 or N^2")

    def cases(self, subject: Subject) -> Iterator[Case]:
        yield subject.base()

    def check(self, trial: Trial) -> Outcome:
        from attncheck.instruments.counting.growth import scaling

        try:
            found = scaling(trial.subject, memory=self.of == "memory")
        except SubjectError as error:
            return undecided(f"its cost cannot be read off shapes: {error}")
        if found is None:
            return skipped("the module is made for one size")
        seen = found.order(self.of)
        if seen is None:
            return undecided(f"no polynomial runs through the {self.of} at these sizes")
        text = found.words(self.of)
        evidence = {"polynomial": text, "sizes": [size for size, _ in found.points]}
        if seen == self._power():
            return holds(f"{self.of} = {text}", **evidence)
        if self.of == "macs" and seen > self._power():
            if found.leaves(self._power()):
                return holds(f"{text}, outer products among them", **evidence)
            if names := self._host(trial, found):
                quoted = ", ".join(f"'{name}'" for name in names)
                return skipped(f"the module is a host: {quoted} grows faster than {self.order}")
        grows = "1" if not seen else "N" if seen == 1 else f"N^{seen:g}"
        return violated(
            f"{self.of} = {text}: they grow with {grows}, not with {self.order}",
            expected=self.order,
            seen=grows,
            **evidence,
        )

    def _host(self, trial: Trial, found: Scaling) -> tuple[str, ...]:
        """Return layers of a host's own without which the cost grows as claimed; () if none."""
        from attncheck.instruments.counting.hosts import beside

        module, shares = trial.module(initial=True), found.points[-1][1].parts
        for layers in range(1, _MOST_LAYERS + 1):
            for names in beside(module, shares, layers).values():
                if found.leaves(self._power(), names):
                    return names
        return ()

    def _power(self) -> float:
        match = _ORDER.match(self.order)
        assert match is not None
        return 0.0 if match.group(1) == "1" else float(match.group(3) or 1)
