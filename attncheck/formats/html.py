"""The report as one HTML file: verdicts, evidence, pictures; opens anywhere, needs nothing."""

from __future__ import annotations

from attncheck.data.report import Report


class HtmlFormat:
    """The report as a self-contained page, light and dark, that also prints."""

    name = "html"
    suffixes = (".html", ".htm")

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report as HTML; colour and width change nothing."""
        # Jinja2 is only imported when a page is asked for: other formats start without it.
        from attncheck.formats.page_html.page import render_page

        return render_page(report)


FORMAT = HtmlFormat()
