"""What pages are put together from: tables, cells, prose with mathematics in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path

import jinja2

HERE = Path(__file__).parent
_ACTIVE = re.compile(r"[\\*_|<>\[\]`#~^&]")
_GREEK = {"alpha": "α", "beta": "β", "gamma": "γ", "lambda": "λ", "sigma": "σ", "theta": "θ"}


@lru_cache(maxsize=1)
def templates() -> jinja2.Environment:
    """Return the pages' templates; a name that is not given is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # they make Markdown; text goes through plain
    )
    made.globals |= {"table": table, "plain": plain, "code": code, "prose": prose}
    return made


def plain(said: object) -> str:
    """Return text as Markdown that reads as it is written; what stands in backticks is code."""
    parts = re.split(r"``?([^`]+)``?", " ".join(str(said).split()))
    return "".join(code(part) if i % 2 else _inert(part) for i, part in enumerate(parts))


def code(said: object) -> str:
    """Return text as code inside a line or a cell; "" for nothing."""
    return f"<code>{_inert(str(said))}</code>" if str(said) else ""


def _inert(said: str) -> str:
    """Return text without a sign that means something in Markdown or HTML."""
    return _ACTIVE.sub(lambda found: f"&#{ord(found[0])};", said)


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table of cells that are Markdown already; "" without rows."""
    lines = ["| " + " | ".join(" ".join(cell.split("\n")) for cell in row) + " |" for row in rows]
    if not lines:
        return ""
    head = [f"| {' | '.join(columns)} |", f"|{' --- |' * len(columns)}"]
    return "\n".join([*head, *lines]) + "\n"


def prose(summary: str) -> str:
    """Return a definition in plain mathematics as HTML: indices below, powers above."""
    said = escape(" ".join(summary.split()))
    said = re.sub(r"\bsum_(\w+)", r"Σ<sub>\1</sub>", said)
    said = re.sub(r"\b(\w+?)_(?:(\w+)\b|\(([^)]*)\))", r"<i>\1</i><sub>\2\3</sub>", said)
    said = re.sub(r"\^(\([^)]*\)|-?\w+)", r"<sup>\1</sup>", said)
    said = re.sub(rf"\b({'|'.join(_GREEK)})\b", lambda found: _GREEK[found[1]], said)
    said = re.sub(r"\bsqrt\((\w+)\)", r"√\1", said).replace("-&gt;", "→")
    said = re.sub(r" [*.] (?=\S)", " · ", said)
    return f'<p class="summary">{said}</p>'


def words(name: str) -> str:
    """Return a class's name as words: ``GateOfPositions`` is a gate of positions."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name).capitalize()


def write(pages: dict[str, str], folder: Path) -> None:
    """Write every page below a folder."""
    for name, text in pages.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
