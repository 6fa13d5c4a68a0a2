"""What scans found survives merging: each group once, pointing at its audit."""

from __future__ import annotations

import msgspec
import pytest

from attncheck.commands.report.merge import merge
from attncheck.data.report import Report, Status, SubjectReport, decode, encode, verdict_of
from attncheck.data.scan import Group, LiveModel, Scan, Unread
from attncheck.formats import find_format
from tests.formats import sample


def audited(target: str, status: Status = Status.HOLDS) -> SubjectReport:
    findings = [sample.finding("shape", status)]
    return SubjectReport("se", target.rpartition(":")[2], target, verdict_of(findings), findings)


def scanned(
    place: str, *targets: str, status: Status = Status.HOLDS, unread: str = "", audits: bool = True
) -> Report:
    groups = [
        Group(t.rpartition(":")[2], t, t.rpartition(":")[0], 3, mechanism="se", known="proven")
        for t in targets
    ]
    for number, group in enumerate(groups):
        group.subject = number if audits else -1
    found = Scan([place], groups, files=1, classes=4)
    found.unread = [Unread(unread, "no answer in 30 s")] if unread else []
    subjects = [audited(t, status) for t in targets] if audits else []
    return Report(environment={}, subjects=subjects, scan=found)


def of(report: Report) -> Scan:
    assert isinstance(report.scan, Scan)
    return report.scan


def verdicts(report: Report) -> dict[str, str]:
    return {
        group.name: report.subjects[group.subject].verdict.value if group.subject >= 0 else ""
        for group in of(report).groups
    }


def test_two_scans_are_one_that_holds_every_group_and_its_audit() -> None:
    first = scanned("a.py", "a.py:A", "a.py:B")
    second = scanned("b.py", "b.py:C", status=Status.VIOLATED)
    merged = merge([("1", first), ("2", second)]).report
    assert verdicts(merged) == {"A": "conforms", "B": "conforms", "C": "violates"}
    assert (of(merged).places, of(merged).files, of(merged).classes) == (["a.py", "b.py"], 2, 8)
    assert decode(encode(merged)).scan == merged.scan


def test_a_group_of_both_stands_once_with_the_audit_of_either() -> None:
    bare, whole = scanned("a.py", "a.py:A", audits=False), scanned("a.py", "a.py:A")
    for reports in ([("1", bare), ("2", whole)], [("1", whole), ("2", bare)]):
        merged = merge(reports).report
        assert verdicts(merged) == {"A": "conforms"}
        assert of(merged).files == 1


def test_what_one_scan_could_read_is_no_longer_unread() -> None:
    failed = scanned("n.py:net()", unread="n.py:net()")
    read = scanned("n.py:net()")
    of(read).models = [LiveModel("n.py:net()", ["2x3x8x8"], [("", "Net")])]
    assert not of(merge([("1", failed), ("2", read)]).report).unread


def test_an_audit_merged_with_a_scan_is_shown_beside_it() -> None:
    other = Report(environment={}, subjects=[audited("x.py:Alone", Status.VIOLATED)])
    merged = merge([("1", other), ("2", scanned("a.py", "a.py:A"))]).report
    assert verdicts(merged) == {"A": "conforms"}
    screen = find_format("text").render(merged, color=False, width=100)
    assert "1 conforms" in screen.splitlines()[0]
    assert any("Alone" in line and "violates" in line for line in screen.splitlines())


@pytest.mark.parametrize("wrong", [{"subject": 7}, {"subject": -2}, {"line": -1}])
def test_a_scan_that_cannot_be_is_no_sound_report(wrong: dict[str, int]) -> None:
    report = scanned("a.py", "a.py:A")
    of(report).groups[0] = msgspec.structs.replace(of(report).groups[0], **wrong)
    with pytest.raises(msgspec.ValidationError, match=r"scan\.groups\[0\]"):
        decode(encode(report))
