"""The report itself: what scripts, ``gate`` and ``report`` read."""

from __future__ import annotations

from attncheck.data.report import Report, encode


class JsonFormat:
    """The report as JSON, indented, in a stable order of fields."""

    name = "json"
    suffixes = (".json",)

    def render(self, report: Report, *, color: bool, width: int) -> str:
        """Return the report as JSON; colour and width change nothing."""
        return encode(report).decode("utf-8")


FORMAT = JsonFormat()
