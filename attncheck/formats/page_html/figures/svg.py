"""SVG elements as text. Everything that comes from a report is escaped here, once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from markupsafe import Markup, escape

Point = tuple[float, float]


def element(tag: str, *children: str, **attributes: object) -> Markup:
    """Return an element; ``class_`` becomes ``class``, ``stroke_width`` ``stroke-width``."""
    words = [
        f' {name.rstrip("_").replace("_", "-")}="{escape(_short(value))}"'
        for name, value in attributes.items()
        if value is not None
    ]
    inside = Markup("").join(children)
    return Markup(f"<{tag}{''.join(words)}>{inside}</{tag}>")


def picture(name: str, title: str, width: float, height: float, *children: str) -> Markup:
    """Return an ``svg`` that a screen reader reads as one picture with this title."""
    label = element("title", escape(title), id=f"{name}-title")
    return element(
        "svg",
        label,
        *children,
        viewBox=f"0 0 {_short(width)} {_short(height)}",
        width=width,
        height=height,
        role="img",
        aria_labelledby=f"{name}-title",
    )


def text(content: str, x: float, y: float, class_: str = "", anchor: str | None = None) -> Markup:
    """Return a text whose baseline starts at (x, y), or ends or is centred there."""
    return element("text", escape(content), x=x, y=y, class_=class_ or None, text_anchor=anchor)


def line(points: Sequence[Point], class_: str) -> Markup:
    """Return straight lines through the points."""
    path = "L".join(f"{_short(x)} {_short(y)}" for x, y in points)
    return element("path", d=f"M{path}", class_=class_)


def dots(points: Iterable[Point], class_: str) -> Markup:
    """Return a round dot at each point, all in one element; its stroke is the dots' diameter.

    Points that fall on the same tenth of a pixel are drawn once.
    """
    places = dict.fromkeys(f"M{_short(x)} {_short(y)}h0" for x, y in points)
    return element("path", d="".join(places), class_=f"dots {class_}")


def _short(value: object) -> str:
    """Return numbers with one decimal at most: a picture needs no more, and files stay small."""
    if isinstance(value, float):
        text_ = f"{value:.1f}".removesuffix(".0")
        return "0" if text_ == "-0" else text_
    return str(value)
