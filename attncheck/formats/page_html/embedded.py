"""Every claim of every subject as JSON inside the page: shown only when someone asks for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from attncheck.data.report import SubjectReport
from attncheck.formats.page_html.matrix import said_of


def embedded(subjects: Sequence[tuple[str, SubjectReport]], claims: Sequence[str]) -> Markup:
    """Return the statuses as text for a JSON script block; equal messages stand in it once.

    Returns:
        ``{"claims": […], "texts": […], "subjects": {id: [[claim, status, text], …]}}``, numbers
        pointing into the lists.
    """
    order = {claim: number for number, claim in enumerate(claims)}
    texts: dict[str, int] = {}
    found: dict[str, list[Any]] = {}
    for name, subject in subjects:
        found[name] = [
            [order[f.claim], said_of(f), texts.setdefault(f.message, len(texts))]
            for f in subject.findings
        ]
    return script_safe({"claims": list(claims), "texts": list(texts), "subjects": found})


def script_safe(data: Any) -> Markup:
    """Return JSON in which nothing can end the script block or begin markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
