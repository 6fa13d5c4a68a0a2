"""The screen: the verdict first, then why, then how to see it oneself."""

from __future__ import annotations

from attncheck.report import Report


class TextFormat:
    """The report as a person reads it on a terminal."""

    name = "text"
    suffixes = (".txt",)

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report for a terminal of this many columns."""
        # rich is imported when a screen is drawn: other formats start without it.
        from attncheck.formats.terminal.screen import render

        return render(report, color=color, width=width)


FORMAT = TextFormat()
