"""A report of a scan for tests of formats: a live model and a file, with hostile names in them."""

from __future__ import annotations

from attncheck.data.report import Report, Status, SubjectReport, verdict_of
from attncheck.data.scan import Group, LiveModel, Scan, Unread
from tests.formats import sample

HOSTILE = "<img src=x onerror=alert(1)>"
TREE = [
    ("", "Net"),
    ("stem", "Conv2d"),
    ("stem.norm", "Norm"),
    ("stage", "Sequential"),
    ("stage.0", "Block"),
    ("stage.0.attn", "SE"),
    ("stage.0.attn.fc", "Linear"),
    ("stage.1", HOSTILE),
    ("stage.1.attn", "SE"),
    ("head", "Linear"),
]


def _audited(name: str, status: Status) -> SubjectReport:
    findings = [sample.finding("shape", status)]
    return SubjectReport("se", name, name, verdict_of(findings), findings)


def report() -> Report:
    """Return a report whose groups stand in another order than the page shows their audits."""
    subjects = [_audited("n.py:Fine", Status.HOLDS), _audited("n.py:net()#a", Status.VIOLATED)]
    groups = [
        Group("Fine", "n.py:Fine", "n.py", 4, mechanism="se", known="proven", subject=0),
        Group(
            "SE",
            "n.py:net()#stage.0.attn",
            "n.py",
            9,
            places=["stage.0.attn", "stage.1.attn"],
            mechanism="se",
            known="departs",
            subject=1,
        ),
        Group(HOSTILE, "n.py:X", "n.py", 30, kind="gate", refused="is | not *built*"),
        Group("Mixer", "n.py:Mixer", "n.py", 40, kind="attention"),
    ]
    models = [LiveModel("n.py:net()", ["2x3x8x8"], TREE)]
    found = Scan(["n.py", "n.py:net()"], groups, 1, 5, models, [Unread("b.py", HOSTILE)])
    return Report(environment={}, subjects=subjects, scan=found)
