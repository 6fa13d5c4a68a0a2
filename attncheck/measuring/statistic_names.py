"""The statistics of an input that a gate may depend on, and the axes over which they are taken."""

from __future__ import annotations

from attncheck.measuring.axes import channel_of, places_of

MEANS = ("channel means", "row means", "column means", "position means", "token means", "mean")
MAXIMA = ("channel maxima", "row maxima", "column maxima", "position maxima", "token maxima")
OWN = ("self", "position", "channel")
SPREADS = ("channel variances",)
NAMES = (*MEANS, *MAXIMA, *SPREADS, *OWN)


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
