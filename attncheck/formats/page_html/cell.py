"""The report as a part of somebody else's page, such as a notebook: nothing in it is live."""

from __future__ import annotations

import hashlib
import re

from markupsafe import Markup

from attncheck.data.report import Report, encode
from attncheck.formats.page_html.names import Names
from attncheck.formats.page_html.overview import headline, made_with
from attncheck.formats.page_html.page import templates, text_of
from attncheck.formats.page_html.scans import scan_view
from attncheck.formats.page_html.subjects import view
from attncheck.formats.shared.wording import problem_lines

_OPEN = 3
"""Up to so many subjects stand open."""


def render_cell(report: Report) -> str:
    """Return the report as one HTML element; its style stays inside, and it holds no script."""
    names = Names()
    # Ids are used once on a page, and a notebook shows many reports.
    own = hashlib.sha256(encode(report)).hexdigest()[:8]
    return (
        templates()
        .get_template("cell.html.j2")
        .render(
            report=report,
            headline=headline(report),
            made_with=made_with(report),
            views=[view(names.new(own, s.spec, s.subject), s, names) for s in report.subjects],
            scan=scan_view(report, {}),
            problems=[(problem, problem_lines(problem)) for problem in report.problems],
            few=len(report.subjects) <= _OPEN,
            style=Markup(_inside(text_of("style.css"))),
        )
    )


def _inside(style: str) -> str:
    """Return a page's style as one of an element of it, by nesting."""
    own = re.sub(r"(?m)(^|[\s,{])(?::root|html|body)(?=[\s,{:\[])", r"\1&", style)
    return f".attncheck {{ {own} }}"
