"""A scan tells its report as it grows: what an audit finished is kept with its group."""

from __future__ import annotations

import copy
from pathlib import Path

from attncheck.auditing.request import Asked
from attncheck.auditing.run import AuditRun, Checkpoint, run
from attncheck.auditing.select import Selection
from attncheck.commands.scan.run import scan
from attncheck.data.report import Report
from attncheck.data.scan import Scan
from attncheck.execution.limits import Limits

CHANNEL = Path(__file__).parent / "yolo_style" / "models" / "common.py"


def test_each_audit_that_ends_is_told_with_the_group_it_is_of() -> None:
    told: list[Report] = []

    def audit(selections: list[Selection], checkpoint: Checkpoint) -> AuditRun:
        return run(selections, Limits(), 1, None, checkpoint, store=False)

    def keep(report: Report) -> None:
        told.append(copy.deepcopy(report))

    whole = scan([str(CHANNEL)], Asked(claims=["runs"]), audit, Limits(), keep=keep)
    assert isinstance(whole.scan, Scan)
    audited = sum(group.subject >= 0 for group in whole.scan.groups)
    assert audited == len(whole.subjects) > 1
    assert [len(one.subjects) for one in told] == list(range(1, audited + 1))
    for one in told:
        assert isinstance(one.scan, Scan)
        assert len(one.scan.groups) == len(whole.scan.groups)
        for group in one.scan.groups:
            if group.subject >= 0:
                assert one.subjects[group.subject].target.endswith(group.name)
