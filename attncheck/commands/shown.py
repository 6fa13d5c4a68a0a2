"""Reports that show themselves where Python prints them, and in a notebook."""

from __future__ import annotations

import shutil
from pathlib import Path

from msgspec import UnsetType

from attncheck.commands import compare as side_by_side
from attncheck.commands import count as counting
from attncheck.data.counts import Counts
from attncheck.data.page import Page
from attncheck.data.report import Finding, Report, Verdict
from attncheck.errors import OutputError, reason_of
from attncheck.formats import find_format, format_for_file, render_page
from attncheck.formats.shared.wording import violations


class ShownReport(Report, kw_only=True):
    """A report that shows itself: as text where Python prints it, as HTML in a notebook."""

    @property
    def verdict(self) -> Verdict:
        """``violates`` if any subject does, ``undecided`` if anything is open, else ``variant``
        where one has design changes."""
        found = {subject.verdict for subject in self.subjects}
        if Verdict.VIOLATES in found:
            return Verdict.VIOLATES
        open_ = bool(self.problems) or self.partial or not found
        if not isinstance(self.scan, UnsetType):
            refused = any(group.refused for group in self.scan.groups)
            open_ = open_ or refused or bool(self.scan.unread)
        if open_ or not all(verdict.passes for verdict in found):
            return Verdict.UNDECIDED
        return Verdict.VARIANT if Verdict.VARIANT in found else Verdict.CONFORMS

    @property
    def violations(self) -> list[Finding]:
        """The violated claims of all subjects, without mere advice."""
        return [finding for subject in self.subjects for finding in violations(subject)]

    def save(self, path: str | Path) -> None:
        """Write the report in the format of the file's suffix: ``.json``, ``.html``, ``.md``, ….

        Raises:
            UsageError: no format has this suffix.
            OutputError: the file cannot be written.
        """
        text = format_for_file(Path(path).name).render(self, color=False, width=100)
        try:
            Path(path).write_text(text, encoding="utf-8")
        except OSError as error:
            raise OutputError(f"cannot be written: {reason_of(error)}", where=str(path)) from None

    def __repr__(self) -> str:
        return find_format("text").render(self, color=False, width=screen_width()).rstrip()

    def _repr_html_(self) -> str:
        from attncheck.formats.page_html.cell import render_cell

        return render_cell(self)


class ShownCount(Report, kw_only=True):
    """What one call costs: a report with counts alone, a table where Python prints it."""

    @property
    def counts(self) -> Counts:
        """Of the subject: ``parameters``, ``macs``, ``elementwise``, ``by_operator``, ``tree``."""
        return self.subjects[0].counts or Counts()

    def __repr__(self) -> str:
        return drawn(counting.page_of(self))


class ShownComparison(Report, kw_only=True):
    """Subjects side by side: a report with their costs, a table where Python prints it."""

    @property
    def rows(self) -> list[side_by_side.SubjectCompared]:
        """Of each subject ``name``, ``verdict``, ``held``, ``claims``, ``macs``, ``growth``, ….

        See :class:`attncheck.commands.compare.SubjectCompared`.
        """
        return [side_by_side.compared(subject) for subject in self.subjects]

    def __repr__(self) -> str:
        return drawn(side_by_side.page_of(self))


def drawn(page: Page) -> str:
    """Return a page as a terminal of this width shows it, without colour."""
    return render_page(page, color=False, width=screen_width()).rstrip()


def screen_width() -> int:
    """Return the columns of the terminal, 100 without one."""
    return shutil.get_terminal_size((100, 24)).columns
