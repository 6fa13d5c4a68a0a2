"""A report made by hand: one of everything that a format has to show."""

from __future__ import annotations

from pathlib import Path

from attncheck.data.counts import Counts
from attncheck.data.report import (
    Finding,
    Lines,
    Location,
    Problem,
    Report,
    Status,
    SubjectReport,
    Verdict,
    Witness,
)

SOURCE = "tests/formats/samples/gate.py"
REBOUND = Location(
    SOURCE, 20, note="`x * x`: x was rebound at lines 17 to 19, the gate multiplies itself"
)
CASE = {"dims": {"B": 1, "C": 8, "H": 1, "W": 2}}


def source(path: str) -> Lines:
    """Return the lines of a file of this repository, as an audit puts them into its report."""
    text = (Path(__file__).parents[2] / path).read_text(encoding="utf-8")
    return Lines(path, 1, text.splitlines())


def finding(
    claim: str, status: Status = Status.HOLDS, message: str = "", **fields: object
) -> Finding:
    """Return a finding of the kind that its claim names."""
    return Finding(claim=claim, kind=claim, status=status, message=message, **fields)  # type: ignore[arg-type]


def article() -> SubjectReport:
    """Return a subject with violations, open claims, advice, skipped claims and counts."""
    cross = [[int(r == 2 or c == 3) for c in range(7)] for r in range(5)]
    window = [[int(abs(r - 2) < 2 and abs(c - 3) < 2) for c in range(7)] for r in range(5)]
    return SubjectReport(
        spec="gam",
        subject="article",
        target=f"{SOURCE}:Gate",
        verdict=Verdict.VIOLATES,
        title="Global attention mechanism",
        paper="arXiv:2112.05561",
        dims={"B": 2, "C": 32, "H": 7, "W": 11},
        notes=["built as channels=32", "called as Gate()(x: B C H W)"],
        findings=[
            finding(
                "shape",
                Status.VIOLATED,
                "expected (B, C, H, W) = (2, 32, 7, 11), got (2, 32, 1, 1)",
                expected="(B, C, H, W) = (2, 32, 7, 11)",
                seen="(2, 32, 1, 1)",
                location=REBOUND,
                related=[Location(SOURCE, 17, note="the first rebinding")],
                witness=Witness(CASE, [1, 8, 1, 2], True),
                id="7c1f02aa",
            ),
            finding(
                "reach",
                Status.VIOLATED,
                "the output at (2, 3) reaches 5 of the 11 positions claimed and 4 others: "
                "a 3×3 window, not row + column",
                expected="row + column",
                seen="a 3×3 window",
                evidence={"output": [2, 3], "size": [5, 7], "claimed": cross, "seen": window},
                location=Location(SOURCE, 16),
                witness=Witness(CASE, [1, 8, 5, 7], True),
                id="11aa22bb",
            ),
            finding(
                "gate",
                Status.VIOLATED,
                "the output is not the input times a gate",
                expected="y = x · g with g in [0, 1]",
                seen="y does not change when x is doubled and the means are kept",
                location=REBOUND,
                related=[Location(SOURCE, 17, note="the first rebinding")],
                witness=Witness({**CASE, "train": True}, [1, 8, 1, 2], True),
                id="0123abcd",
            ),
            finding("finite"),
            finding(
                "equivalence",
                Status.UNDECIDED,
                "computes neither the mechanism nor a known mutant of it",
                required=False,
            ),
            finding("author: multi-head attention", Status.VIOLATED, "no weights were found"),
            finding(
                "logit-scale", Status.UNDECIDED, "the logits cannot be observed", required=False
            ),
            finding("deterministic", Status.ERROR, "the probe broke: ValueError: no axis 'N'"),
            finding("causality", Status.SKIPPED, "no token axis"),
            finding("masks", Status.SKIPPED, "no token axis"),
            finding(
                "batch-of-one",
                Status.VIOLATED,
                "BatchNorm on a pooled vector needs more than one sample when training",
                advice=True,
            ),
        ],
        counts=Counts(
            parameters=1056,
            macs=2048,
            elementwise=5120,
            unpriced=["aten::foo"],
            agree=False,
            disagreement="the dispatch counter says 2,048, fvcore 1,024",
        ),
        diagnosis={"message": "computes neither the mechanism nor a known mutant of it"},
        defined=Location(SOURCE, 7),
        excerpts=[source(SOURCE)],
    )


def reference() -> SubjectReport:
    """Return a subject that conforms."""
    return SubjectReport(
        spec="gam",
        subject="reference",
        target="attncheck.reference.gam:gam",
        verdict=Verdict.CONFORMS,
        title="Global attention mechanism",
        paper="arXiv:2112.05561",
        dims={"B": 2, "C": 32, "H": 7, "W": 11},
        findings=[finding(name) for name in ("shape", "reach", "gate", "finite")],
        counts=Counts(parameters=3360, macs=5_806_080, elementwise=19_712, agree=True),
    )


def swapped() -> SubjectReport:
    """Return an undecided subject of another spec, that has no paper."""
    return SubjectReport(
        spec="mine",
        subject="Attention",
        target="mine.attention:Attention",
        verdict=Verdict.UNDECIDED,
        findings=[finding("shape", Status.UNDECIDED, "two runs of the same input differ")],
        notes=["called as Attention()(x: B N C)"],
    )


def report() -> Report:
    """Return the whole sample."""
    environment = {"attncheck": "0.1.0", "python": "3.11", "torch": "2.13.0"}
    return Report(
        environment=environment,
        subjects=[reference(), article(), swapped()],
        problems=[
            Problem(
                "gam",
                "other",
                "no value for the constructor's parameter 'size'",
                where="mine.py:Other",
                instead="add: --init size=VALUE (a literal, or a dim: B, C, H, W)",
            )
        ],
        partial=True,
    )
