"""A page taken apart by the standard parser, so that tests can ask what stands in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

EMPTY = {"meta", "br", "input", "link", "img", "hr"}


@dataclass
class Page(HTMLParser):
    """The elements of a page in order, its texts, and what was not closed as it was opened."""

    tags: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    scripts: list[tuple[dict[str, str], str]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append((tag, found))
        if tag == "script":
            self.scripts.append((found, ""))
        if tag not in EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.wrong.append(f"</{tag}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "script":
            attributes, text = self.scripts[-1]
            self.scripts[-1] = attributes, text + data
        elif self._open and self._open[-1] != "style":
            self.texts.append(data)

    def named(self, *tags: str) -> list[dict[str, str]]:
        """Return the attributes of every element of these tags."""
        return [attributes for tag, attributes in self.tags if tag in tags]

    @property
    def text(self) -> str:
        """Everything that is to be read."""
        return " ".join(" ".join(self.texts).split())


def parsed(html: str) -> Page:
    """Return the page; ``wrong`` says what is not well nested."""
    page = Page()
    page.feed(html)
    page.close()
    page.wrong += [f"<{tag}> is never closed" for tag in page._open]
    return page
