"""Text from outside as text: nothing in it moves a cursor, hides, reorders or commands.

Names, messages and paths come from modules and files of strangers. They are made harmless once
where they come in (:func:`harmless`, :func:`one_line`), and once more where a stream takes them
(:func:`for_stream`), so that what was overlooked is still only text.
"""

from __future__ import annotations

import re

LONGEST = 4_000
"""Characters of one text; what is longer is cut, and says so."""

_UNSEEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # control characters but tab and newline, escapes among them
    "\u00ad\u061c\u180e\u200b-\u200f\u2060-\u2065\ufeff\ufff9-\ufffb"  # of no width
    "\u2028\u2029\u202a-\u202e\u2066-\u2069"  # ends of lines, and overrides of direction
    "\ud800-\udfff\ufffe\uffff\U000e0000-\U000e0fff"  # no characters at all
)
_BAD = re.compile(f"[{_UNSEEN}]|##\\[")
_BAD_IN_LINE = re.compile(f"[{_UNSEEN}\t\n]|##\\[")
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_COMMAND = re.compile(r"^((?:\s|\x1b\[[0-9;]*m)*):(?=:)", re.MULTILINE)


def harmless(text: str, most: int = LONGEST) -> str:
    r"""Return the text with what cannot be seen written out, as JSON would; its lines stay.

    No line of it is a workflow command.


    >>> print(harmless("red \x1b[31m, and \u202egnp"))
    red \u001b[31m, and \u202egnp
    """
    return _COMMAND.sub(r"\1: ", _seen(_cut(text, most)))


def one_line(text: str, most: int = LONGEST) -> str:
    """Return the text harmless and on one line: ends of lines and tabs become spaces."""
    text = _cut(text, most)
    return _BAD_IN_LINE.sub(_written, text) if _BAD_IN_LINE.search(text) else text


def for_stream(text: str, *, colour: bool = False, commands: bool = False) -> str:
    """Return what a stream is given: harmless, but for what is ours.

    Args:
        text: whole lines.
        colour: whether sequences that set a colour are ours, and stay.
        commands: whether workflow commands (``::error …``) are ours, and stay.
    """
    if colour:
        kept = _COLOUR.findall(text)
        parts = [_seen(part) for part in _COLOUR.split(text)]
        text = "".join(a + b for a, b in zip(parts, [*kept, ""], strict=True))
    else:
        text = _seen(text)
    return text if commands else _COMMAND.sub(r"\1: ", text)


def _seen(text: str) -> str:
    return _BAD.sub(_written, text.replace("\r\n", "\n")) if _BAD.search(text) else text


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    return f"{text[:most]}… ({len(text) - most:,} characters more)"


def _written(match: re.Match[str]) -> str:
    found = match[0]
    if found == "##[":  # a workflow command of GitHub's older syntax, anywhere in a line
        return "## ["
    if found in "\t\n\r\u2028\u2029":
        return " "
    code = ord(found)
    if code < 0x10000:
        return f"\\u{code:04x}"
    # In two halves, so that a JSON text on a stream stays JSON.
    return f"\\u{0xD7C0 + (code >> 10):04x}\\u{0xDC00 + (code & 0x3FF):04x}"
