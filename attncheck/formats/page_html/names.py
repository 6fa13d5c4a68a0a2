"""Names inside the page: an ``id`` that is safe, readable and used once."""

from __future__ import annotations

import re


class Names:
    """Hands out ids; the second asker for the same one gets a number behind it."""

    def __init__(self) -> None:
        self._taken: dict[str, int] = {}

    def new(self, *parts: str) -> str:
        """Return an id made of letters, digits and hyphens of the parts."""
        words = "-".join(re.sub(r"[^a-z0-9]+", "-", part.lower()).strip("-") for part in parts)
        name = re.sub(r"-+", "-", f"s-{words}").strip("-")
        count = self._taken.get(name, 0) + 1
        self._taken[name] = count
        return name if count == 1 else self.new(name.removeprefix("s-"), str(count))
