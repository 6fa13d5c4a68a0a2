"""Render the whole page from its templates; nothing in it comes from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Sequence
from functools import lru_cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from attncheck.data.report import Report, SubjectReport
from attncheck.formats.page_html.figures.pareto import pareto_figure
from attncheck.formats.page_html.limits import limits
from attncheck.formats.page_html.matrix import MEANING, SIGN, matrix, named, said_of
from attncheck.formats.page_html.names import Names
from attncheck.formats.page_html.overview import headline, made_with, offers, shares
from attncheck.formats.page_html.scans import scan_view
from attncheck.formats.page_html.subjects import view
from attncheck.formats.shared import units
from attncheck.formats.shared.paths import shown
from attncheck.formats.shared.wording import problem_lines

_PLACE = "attncheck.formats.page_html"
_FEW = 6
"""Up to so many subjects, those with figures stand open."""
_MANY = 60
"""With more, the sections of subjects that conform are made when they are opened."""


def render_page(report: Report) -> str:
    """Return the report as one HTML file without any reference to another."""
    names = Names()
    subjects = named(report.subjects, names)
    views = [view(name, subject, names) for name, subject in subjects]
    places = {(v.name, one.finding.claim): one.name for v in views for one in v.broken}
    table = matrix(subjects, places)
    claims = [column.claim for column in table.columns]
    ids = {id(subject): name for name, subject in subjects}
    scan = scan_view(report, {at: ids[id(one)] for at, one in enumerate(report.subjects)})
    script, style = text_of("page.js"), text_of("style.css")
    return (
        templates()
        .get_template("page.html.j2")
        .render(
            report=report,
            headline=headline(report),
            shares=shares(report),
            made_with=made_with(report),
            scan=scan,
            matrix=table,
            limits=limits(subjects, places),
            views=views,
            specs=sorted({subject.spec for subject in report.subjects}),
            worst=[v for v in views if not v.subject.verdict.passes],
            problems=[(problem, problem_lines(problem)) for problem in report.problems],
            pareto=pareto_figure(names.new("cost-against-reach"), offers(views)),
            data=_embedded(subjects, claims),
            few=len(views) <= _FEW,
            many=len(views) > _MANY,
            script=Markup(script),
            script_hash=_hash(script),
            style=Markup(style),
        )
    )


@lru_cache(maxsize=1)
def templates() -> Environment:
    """Return what the pages are made from; everything is escaped that is not said to be HTML."""
    made = Environment(
        loader=PackageLoader(_PLACE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["shown"] = shown
    made.filters["coded"] = _coded
    made.globals.update(units=units, SIGN=SIGN, MEANING=MEANING)
    return made


def _coded(text: str) -> Markup:
    """Return escaped text in which what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


def text_of(name: str) -> str:
    """Return a style or a script as it is written."""
    return (resources.files(_PLACE) / "templates" / name).read_text(encoding="utf-8")


def _hash(script: str) -> str:
    """Return what the page's policy calls its own script by: no other script may run."""
    return base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii")


def _embedded(subjects: Sequence[tuple[str, SubjectReport]], claims: Sequence[str]) -> Markup:
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
    return _script_safe({"claims": list(claims), "texts": list(texts), "subjects": found})


def _script_safe(data: Any) -> Markup:
    """Return JSON in which nothing can end the script block or begin markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)
