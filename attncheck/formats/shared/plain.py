"""Text for an output that cannot write our signs: each sign's nearest in ASCII."""

from __future__ import annotations

import codecs
import unicodedata

_SIGNS = {
    "✗": "x",
    "✓": "+",
    "·": ".",
    "×": "x",
    "–": "-",
    "—": "-",
    "−": "-",
    "…": "...",
    "→": "->",
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "│": "|",
    "┃": "|",
    "─": "-",
    "━": "-",
    "╰": "`",
    "└": "`",
    "█": "#",
    "▓": "%",
    "░": ".",
    "■": "#",
    "□": "o",
    "◉": "@",
    "⋮": ":",
    "▪": "*",
    "“": '"',
    "”": '"',
    "‘": "'",
    "’": "'",
    "√": "sqrt",
    "²": "^2",
    "γ": "gamma",
    "σ": "sigma",
}


NEAREST = "attncheck-nearest"
"""The name under which Python knows this as a stream's way with signs that it cannot write."""


def writable(text: str, encoding: str | None) -> str:
    """Return the text itself if ``encoding`` can write it, else the nearest text that it can.

    Args:
        text: what is to be written.
        encoding: the stream's, such as ``sys.stdout.encoding``; None means ASCII.
    """
    try:
        return text.encode(encoding or "ascii", NEAREST).decode(encoding or "ascii")
    except LookupError:
        return text.encode("ascii", NEAREST).decode("ascii")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """Answer Python's question for what stands in place of signs that cannot be written."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_nearest, error.object[error.start : error.end])), error.end


codecs.register_error(NEAREST, _replaced)


def _nearest(sign: str) -> str:
    if sign.isascii():
        return sign
    if sign in _SIGNS:
        return _SIGNS[sign]
    bare = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return bare or "?"
