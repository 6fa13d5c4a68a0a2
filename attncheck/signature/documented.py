"""What an author writes of a mask: does True, or 1, keep a position or hide it?"""

from __future__ import annotations

import re

_HIDES = re.compile(
    r"mask(ed|s|ing)?[ -]out|\bmasked\b|\bpad(s|ded|ding)?\b|\bignor\w+|\bhid(e|es|den)\b"
    r"|\bexclud\w+|\bblock(ed|s)\b|\bdrop(ped|s)\b|\binvalid\b|\bforbid\w*|\bdisallow\w*"
    r"|\bprevent\w*|\bskip(ped|s)?\b|\bremove[ds]?\b|\bfill(ed|s)? with\b"
)
_KEEPS = re.compile(
    r"\bkeep(s)?\b|\bkept\b|\bvalid\b|\breal\b|\battend(ed|s)?\b|\bvisible\b|\ballow(ed|s)?\b"
    r"|\bunmasked\b|\bparticipat\w+|\btakes? part\b|\bmay be seen\b|\bcan be seen\b|\bcan see\b"
    r"|\btoken(s)? to (use|see)\b|\bused?\b|\binclude[ds]?\b|\bactual\b|\bseen\b|\breserved\b"
)
_NOT = re.compile(
    r"\b(not|non|no|never|un|cannot|can't|don't|isn't|aren't|without)\b[ -]?(\w+ ){0,2}$"
)
_YES = r"(?:true|1(?:\.0)?|ones?|non-?zeros?)"
_NO = r"(?:false|0(?:\.0)?|zeros?)"
_VALUE = re.compile(rf"(?<![\w.'\"-])(?P<value>{_YES}|{_NO})(?![\w.]|-?\d)")
_ADDED = re.compile(r"\badditive\b|\badded to the (attention |raw )?(logit|score|weight)")
_ENDS = re.compile(
    r"[;,.](?:\s|$)|\band\b(?=[^;,.]*\b(?:true|false|0|1)\b)|[()]|\bwhile\b|\botherwise\b| - "
)


def documented_meaning(text: str, parameter: str) -> str:
    """Return ``valid`` (True or 1 keeps), ``pad`` (it hides), ``additive``, or ``""``.

    Args:
        text: docstrings.
        parameter: the mask's name.
    """
    votes: set[str] = set()
    for passage in _passages(text, parameter):
        lowered = re.sub(r"[*`]", "", passage.lower()).replace("non-zero", "nonzero")
        found = {meaning for part in _clauses(lowered) if (meaning := _said(part))}
        votes |= found or ({"additive"} if _ADDED.search(lowered) and not _both(lowered) else set())
    return votes.pop() if len(votes) == 1 else ""


def _both(text: str) -> bool:
    """Say whether ones and zeros are spoken of too: a mask of either kind is taken."""
    return len({bool(re.fullmatch(_YES, m["value"])) for m in _VALUE.finditer(text)}) > 1


def _passages(text: str, parameter: str) -> list[str]:
    """Return what is said of the parameter: from its name to the next one's, or an empty line."""
    named = re.compile(rf"(?<!\w){re.escape(parameter)}(?!\w)")
    starts = re.compile(r"^[#\s*-]*`{0,2}\*?\w+`{0,2}\s*(\([^)]*\))?\s*:(?!:)")
    found: list[str] = []
    held: list[str] = []
    lines = re.sub(r"\n\s*\n(?=\s*[-*] )", "\n", text).splitlines()  # a list belongs to its head
    for line in [*lines, ""]:
        other = starts.match(line) and not _VALUE.match(line.strip().lower())
        if held and (not line.strip() or other):
            found.append(" ".join(held))
            held = []
        if held or named.search(line):
            held.append(line.strip().lstrip("#").strip())
    return found


def _clauses(text: str) -> list[str]:
    """Cut a passage where one value's sentence ends and the next begins."""
    return [clause for clause in _ENDS.split(text) if clause]


def _said(clause: str) -> str:
    """Return what one clause says of one value."""
    values = {bool(re.fullmatch(_YES, m["value"])) for m in _VALUE.finditer(clause)}
    kinds: set[bool] = set()
    for pattern, keeps in ((_HIDES, False), (_KEEPS, True)):
        for match in pattern.finditer(clause):
            negated = bool(_NOT.search(clause[: match.start()]))
            kinds.add(keeps != negated)
    if len(values) != 1 or len(kinds) != 1:
        return ""
    return "valid" if values.pop() == kinds.pop() else "pad"
