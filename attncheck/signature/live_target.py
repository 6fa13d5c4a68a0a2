"""Read the target of a live model: ``net.py:Net(depth=18)``, ``pkg.nets:net()#layer1.0.se``."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass, field
from typing import Any

from attncheck.errors import TargetError

_LIVE = re.compile(
    r"(?P<place>[^:()#]+):(?P<name>[A-Za-z_][\w.]*)"
    r"(?P<call>\(.*\))?(?:#(?P<part>[^\s#()]+))?",
    re.DOTALL,
)
_LONGEST = 10_000


@dataclass(frozen=True)
class LiveTarget:
    """A model that is built as it is written, and a part of it.

    Attributes:
        text: as it was typed.
        place, name: the factory, as other targets name it.
        arguments, keywords: what it is called with: Python literals.
        part: the dotted name of a submodule; "" for the whole.
    """

    text: str
    place: str
    name: str
    arguments: tuple[Any, ...] = ()
    keywords: dict[str, Any] = field(default_factory=dict)
    part: str = ""

    @property
    def factory(self) -> str:
        """What is called, as a target."""
        return f"{self.place}:{self.name}"

    @property
    def whole(self) -> str:
        """The target of the whole model."""
        return self.text.rpartition("#")[0] if self.part else self.text


def live_target(text: str) -> LiveTarget | None:
    """Return what a live model's target says; None where it names a class to be bound.

    Raises:
        TargetError: an argument is no Python literal.
    """
    match = _LIVE.fullmatch(text)
    if match is None or not (match["call"] or match["part"]) or len(text) > _LONGEST:
        return None
    arguments, keywords = _arguments(text, match["call"] or "()")
    return LiveTarget(text, match["place"], match["name"], arguments, keywords, match["part"] or "")


def _arguments(text: str, call: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        made = ast.parse(f"f{call}", mode="eval").body
        if not isinstance(made, ast.Call) or any(word.arg is None for word in made.keywords):
            raise ValueError
        keywords = {str(word.arg): ast.literal_eval(word.value) for word in made.keywords}
        return tuple(map(ast.literal_eval, made.args)), keywords
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        raise TargetError(
            "the arguments of a live model are Python literals",
            where=text[:200],
            instead="write 'net.py:Net(depth=18, name=\"small\")', or a function that builds it",
        ) from None
