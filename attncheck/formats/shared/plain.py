"""Text for an output that cannot write our signs: each sign's nearest in ASCII."""

from __future__ import annotations

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


def writable(text: str, encoding: str | None) -> str:
    """Return the text itself if ``encoding`` can write it, else the nearest text that it can.

    Args:
        text: what is to be written.
        encoding: the stream's, such as ``sys.stdout.encoding``; None means ASCII.
    """
    name = encoding or "ascii"
    try:
        text.encode(name)
    except (UnicodeEncodeError, LookupError):
        return "".join(_nearest(sign) for sign in text)
    return text


def _nearest(sign: str) -> str:
    if sign.isascii():
        return sign
    if sign in _SIGNS:
        return _SIGNS[sign]
    bare = unicodedata.normalize("NFKD", sign).encode("ascii", "ignore").decode()
    return bare or "?"
