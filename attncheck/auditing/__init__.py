"""One audit: what is asked, which claims, each decided in a child, and the report."""

from __future__ import annotations

AUDIT = "attncheck.auditing.work:audit"
"""The work that children of an audit do."""
AUDITED_WITH = ("attncheck.auditing.work", "attncheck.auditing.task")
"""What such a child stands in: where the work is, and where the kind of work is."""
