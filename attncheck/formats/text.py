"""The screen: the verdict first, then why, then how to see it oneself."""

from __future__ import annotations

from attncheck.report import Report, Status


class TextFormat:
    """The report as a person reads it on a terminal."""

    name = "text"
    suffixes = (".txt",)

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report for a terminal of this many columns."""
        lines = []
        for subject in report.subjects:
            lines.append(f"{subject.spec}  {subject.subject}  {subject.verdict.value}")
            lines += [
                f"  {finding.claim}: {finding.message}"
                for finding in subject.findings
                if finding.status is Status.VIOLATED
            ]
        return "\n".join(lines) + "\n"


FORMAT = TextFormat()
