"""The screen: the verdict first, then why, then how to see it oneself."""

from __future__ import annotations

from msgspec import UnsetType

from attncheck.data.report import Report


class TextFormat:
    """The report as a person reads it on a terminal."""

    name = "text"
    suffixes = (".txt",)

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report for a terminal of this many columns."""
        # rich is imported when a screen is drawn: other formats start without it.
        from attncheck.formats.shared.profiles import has_profiles, profile_page
        from attncheck.formats.terminal.pages import render_page
        from attncheck.formats.terminal.screen import render

        screen = ""
        if not isinstance(report.scan, UnsetType):
            from attncheck.formats.shared.scans import beside
            from attncheck.formats.terminal.scan import render_scan

            screen = render_scan(report, report.scan, color=color, width=width)
            if not (report := beside(report, report.scan)).subjects and not report.problems:
                return screen
            screen += "\n"
        screen += render(report, color=color, width=width)
        if not has_profiles(report):
            return screen

        figures = render_page(profile_page(report), color=color, width=width)
        return f"{screen}\n{figures}"


FORMAT = TextFormat()
