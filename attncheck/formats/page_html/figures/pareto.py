"""Cost against reach over all subjects: who sees more for less."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markupsafe import Markup

from attncheck.data.report import Verdict
from attncheck.formats.page_html.figures.axes import axis, frame
from attncheck.formats.page_html.figures.figure import Figure, FigureTable
from attncheck.formats.page_html.figures.svg import Point, dots, element, line, picture, text
from attncheck.formats.shared.units import count, figures, plain, share

_WIDTH, _HEIGHT = 1040.0, 440.0
Box = tuple[float, float, float, float]

_LEFT, _RIGHT, _TOP, _BOTTOM = 72.0, 150.0, 30.0, 46.0
_LETTER, _LINE = 6.6, 13.0
"""About the size of a letter of a name, so that names do not run into each other."""


@dataclass(frozen=True)
class Offer:
    """What one subject reaches and costs.

    Attributes:
        name: the subject.
        verdict: as the report says it.
        reach: share of the positions that one output position sees in one call.
        macs: multiply-accumulates of one call.
        elements: numbers in its input, by which the cost is divided.
        case: dims of that call.
    """

    name: str
    verdict: str
    reach: float
    macs: float
    elements: float
    case: str

    @property
    def passes(self) -> bool:
        """Say whether the subject is the mechanism."""
        return Verdict(self.verdict).passes

    @property
    def cost(self) -> float:
        """Return MACs per input element."""
        return self.macs / self.elements


def front(offers: Sequence[Offer]) -> list[Offer]:
    """Return the conforming offers that no other beats in both, by growing reach."""
    best: list[Offer] = []
    good = [offer for offer in offers if offer.passes]
    for offer in sorted(good, key=lambda o: (-o.reach, o.cost)):
        if not best or offer.cost < best[-1].cost:
            best.append(offer)
    return best[::-1]


def pareto_figure(name: str, offers: Sequence[Offer]) -> Figure | None:
    """Return the figure, or None where no two subjects differ in reach."""
    offers = [offer for offer in offers if offer.cost > 0 and offer.reach > 0]
    if len({offer.reach for offer in offers}) < 2:
        return None
    best = front(offers)
    rows = [_row(o, o in best) for o in sorted(offers, key=lambda o: (-o.reach, o.cost))]
    head = ["subject", "verdict", "reach", "MACs per element", "MACs", "case", ""]
    return Figure(
        name,
        "cost against reach",
        _picture(name, offers, best),
        FigureTable([*head[:-1], "front"], rows, words=frozenset({1, 5, 6})),
        notes=[
            "Reach: share of the positions that one output position sees in one call. "
            "Cost: MACs of that call divided by the numbers in its input. "
            "Each subject at the case of its spec."
        ],
        keys=[
            ("mark", "conforms"),
            ("broken", "violates or undecided"),
            *([("front", "no other that conforms reaches as much for less")] * (len(best) > 1)),
        ],
    )


def _row(offer: Offer, best: bool) -> list[str]:
    numbers = [share(offer.reach), figures(offer.cost), plain(offer.macs)]
    return [offer.name, offer.verdict, *numbers, offer.case, "on the front" if best else ""]


def _picture(name: str, offers: Sequence[Offer], best: Sequence[Offer]) -> Markup:
    label = "reach of one output, share of all positions"
    reaches = [offer.reach for offer in offers]
    log = max(reaches) > 8 * min(reaches)
    across = axis(reaches, _LEFT, _WIDTH - _RIGHT, share, log=log, label=label)
    costs = [offer.cost for offer in offers]
    up = axis(costs, _HEIGHT - _BOTTOM, _TOP, count, log=True, label="MACs per element")
    at = {id(o): (across.at(o.reach), up.at(o.cost)) for o in offers}
    good = [at[id(o)] for o in offers if o.passes]
    bad = [at[id(o)] for o in offers if not o.passes]
    parts = [*frame(across, up), *_front(best, at)]
    parts.append(dots(good, "mark"))
    crosses = "".join(f"M{x - 4:.1f} {y - 4:.1f}l8 8m0 -8l-8 8" for x, y in bad)
    parts.append(element("path", d=crosses, class_="broken"))
    parts += _names(sorted(offers, key=lambda o: o not in best), at)
    title = "cost against reach: MACs per input element over the share of positions reached"
    return picture(name, title, _WIDTH, _HEIGHT, *parts)


def _front(best: Sequence[Offer], at: dict[int, Point]) -> Iterator[Markup]:
    if len(best) > 1:
        yield line([at[id(offer)] for offer in best], "front")


def _names(offers: Sequence[Offer], at: dict[int, Point]) -> Iterator[Markup]:
    """Yield the names that cover neither a mark nor another name; the table has them all."""
    boxes = [(x - 4, y - 5, x + 4, y + 5) for x, y in at.values()]
    for offer in offers:
        x, y = at[id(offer)]
        box = (x + 6, y - _LINE / 2, x + 8 + _LETTER * len(offer.name), y + _LINE / 2)
        if box[2] < _WIDTH and not any(_meet(box, other) for other in boxes):
            boxes.append(box)
            yield text(offer.name, x + 8, y + 4, "name")


def _meet(one: Box, other: Box) -> bool:
    across = one[0] < other[2] and other[0] < one[2]
    return across and one[1] < other[3] and other[1] < one[3]
