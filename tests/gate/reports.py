"""Reports to hold against each other: one subject that conforms, one with an accepted mistake."""

from __future__ import annotations

import datetime
import random
from typing import Any

import msgspec

from attncheck.data.counts import Counts
from attncheck.data.profile import Against, Paired, Profile, Row, Timing
from attncheck.data.report import (
    Finding,
    Report,
    Status,
    SubjectReport,
    Witness,
    decode,
    encode,
    verdict_of,
)
from attncheck.gate import Entry, GateResult, Policy, gate
from attncheck.gate.result import Check

TODAY = datetime.date(2026, 11, 22)
SHAPE = "expected 4 axes, got 2"
ENTRY = Entry(
    "gam@article", "the article's own mistake, kept", datetime.date(2027, 1, 1), {"shape": SHAPE}
)


def finding(claim: str, status: Status = Status.HOLDS, message: str = "", **more: Any) -> Finding:
    """Return a finding that six cases decided."""
    return Finding(claim, claim, status, message, evidence={"cases": 6}, **more)


def ratios(centre: float = 1.0, noise: float = 0.01, count: int = 12, seed: int = 0) -> list[float]:
    """Return paired ratios around ``centre``."""
    draw = random.Random(seed)
    return [centre * (1 + noise * (draw.random() - 0.5)) for _ in range(count)]


def timing(centre: float = 3.0, seed: int = 0, **more: Any) -> Timing:
    """Return latency as ``profile`` writes it."""
    return Timing(ratios=ratios(centre, seed=seed), **more)


def profile(**more: Any) -> Profile:
    """Return a subject's profile of one row."""
    row = Row(
        input="8x32x16x16",
        dims={"B": 8},
        batch=8,
        parameters=552,
        macs=1024,
        elementwise=9936,
        peak_bytes=524_288,
        saved_bytes=131_072,
        peak_source="allocator",
        forward=timing(),
    )
    one = Profile(
        device="cpu",
        device_name="AMD EPYC",
        threads=1,
        torch="2.13.0",
        noise_floor=0.012,
        rows=[row],
    )
    return msgspec.structs.replace(one, **more)


def paired(centre: float, **more: Any) -> Profile:
    """Return a profile measured against the version of the baseline, in interleaved pairs."""
    row = Paired(input="8x32x16x16", ratios=ratios(centre, **more))
    return profile(against=Against(target="gam.py@main:GAM", rows=[row]))


def subject(name: str = "GAM", **more: Any) -> SubjectReport:
    """Return a subject that conforms."""
    found = [finding(claim) for claim in ("shape", "reach", "gate")]
    found.append(finding("masks", Status.SKIPPED, "no token axis"))
    found.append(finding("equivalence", Status.UNDECIDED, "no binding", required=False))
    found.append(finding("batch-of-one", Status.VIOLATED, "needs two samples", advice=True))
    plain: dict[str, Any] = {
        "spec": "gam",
        "subject": name,
        "target": f"gam.py:{name}",
        "findings": found,
        "counts": {"parameters": 552, "macs": 1024, "other_ops": 9936, "agree": True},
        "profile": profile(),
        "dims": {"B": 2, "C": 32},
        "job": {"spec": "gam", "name": name, "target": f"gam.py:{name}"},
        "spec_hash": "0123456789abcdef",
        "reference_hash": "89abcdef01234567",
    }
    plain |= more
    plain.setdefault("verdict", verdict_of(plain["findings"]))
    plain["counts"] = msgspec.convert(plain["counts"], Counts)
    return SubjectReport(**plain)


def article() -> SubjectReport:
    """Return a subject with a violation that is reviewed and accepted."""
    wrong = finding("shape", Status.VIOLATED, SHAPE, witness=Witness({"dims": {"B": 1}}))
    return subject(
        "article", findings=[wrong, finding("gate")], target="attncheck.published:G", profile=None
    )


def report(*subjects: SubjectReport) -> Report:
    """Return a report that a gate lets through against itself, with :data:`ENTRY`."""
    environment = {
        "torch": "2.13.0",
        "attncheck": "0.1.0",
        "machine": "x86_64",
        "python": "CPython 3.11.7",
        "numpy": "2.4.6",
        "system": "Linux 6.18.44",
        "processor": "AMD EPYC",
    }
    return Report(environment=environment, subjects=list(subjects) or [subject(), article()])


def copied(one: Report) -> Report:
    """Return an equal report that shares nothing."""
    return decode(encode(one))


def judged(
    now: Report, base: Report, entries: list[Entry] | None = None, **policy: Any
) -> GateResult:
    """Return what the gate answers, on a fixed day."""
    accepted = [ENTRY] if entries is None else entries
    return gate(now, base, msgspec.convert(policy, Policy), accepted, today=TODAY)


def found(result: GateResult, claim: str, name: str = "") -> Check:
    """Return the one check of this claim."""
    hits = [c for c in result.checks if c.claim == claim and (not name or c.subject == name)]
    assert len(hits) == 1, [(c.subject, c.claim) for c in result.checks]
    return hits[0]
