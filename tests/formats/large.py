"""Reports made by rule: as many subjects as asked for, and profiles with every figure."""

from __future__ import annotations

import math
import random

from attncheck.data.counts import Counts
from attncheck.data.profile import Against, Growth, Profile, Row, Timing
from attncheck.data.report import (
    Finding,
    Location,
    Report,
    Status,
    SubjectReport,
    Witness,
    verdict_of,
)
from tests.formats.sample import SOURCE

_GENERAL = (
    "constructs runs shape batch-independence unused finite dtype autocast memory-layout "
    "unmodified deterministic batch-of-one device global-state serialisation any-size registered "
    "trains gradient-flow finite-differences half-masks equivalence parameters macs complexity"
)
_SPECIAL = (
    "reach reach-in-two-passes gate weights logit-scale causality masks masked-rows cache "
    "identity-at-init token-permutation flip-height flip-width transposition translation "
    "per-position channel-order cost-against scores relative-position window shift residual "
    "two-widths"
)
ENVIRONMENT = {
    "attncheck": "0.1.0",
    "python": "CPython 3.11.7",
    "torch": "2.13.0",
    "system": "Linux",
    "cores": 2,
}


def report(subjects: int, *, seed: int = 0) -> Report:
    """Return a report of so many subjects, about one in eight of which violates a few claims."""
    draw = random.Random(seed)
    made = [_subject(number, draw) for number in range(subjects)]
    return Report(environment=ENVIRONMENT, subjects=made)


def _subject(number: int, draw: random.Random) -> SubjectReport:
    spec = f"mechanism-{number // 5:03}"
    claims = [*_GENERAL.split(), *random.Random(number // 5).sample(_SPECIAL.split(), 12)]
    bad = draw.sample(claims, draw.randint(1, 7)) if draw.random() < 0.125 else []
    findings = [_finding(claim, claim in bad, draw) for claim in claims]
    return SubjectReport(
        spec=spec,
        subject="reference" if number % 5 == 0 else f"variant-{number % 5}",
        target=f"package.module_{number}:Attention",
        verdict=verdict_of(findings),
        title=f"Mechanism number {number // 5}",
        paper=f"arXiv:{2000 + number % 600}.{number:05}",
        dims={"B": 2, "C": 32, "H": 7, "W": 11},
        notes=["built as C=32", "called as map(x)"],
        findings=findings,
        counts=Counts(
            parameters=draw.randint(100, 10**6),
            macs=draw.randint(10**5, 10**9),
            elementwise=draw.randint(1000, 10**6),
            agree=True,
        ),
    )


def _finding(claim: str, bad: bool, draw: random.Random) -> Finding:
    if not bad:
        chance = draw.random()
        status = Status.HOLDS if chance < 0.93 else Status.SKIPPED
        if chance > 0.985:
            status = Status.UNDECIDED
        said = {"holds": "at 7 outputs", "skipped": "no token axis"}.get(status.value, "not seen")
        evidence = {"map": _map(draw, good=True)} if claim == "reach" else {}
        return Finding(claim, claim, status, said, evidence=evidence, required=False)
    evidence = _map(draw, good=False) if claim.startswith("reach") else {}
    return Finding(
        claim,
        claim,
        Status.VIOLATED,
        f"{claim}: expected {draw.random():.3f}, got {draw.random():.3f} at some position of it",
        expected="what the paper says",
        seen="something else entirely",
        evidence=evidence,
        location=Location(SOURCE, 20, note="`x * x`: the gate multiplies itself"),
        related=[Location(SOURCE, 17, note="the first rebinding")],
        witness=Witness({"dims": {"B": 1, "C": 8, "H": 1, "W": 2}}, [1, 8, 1, 2], True),
        reproduce=f"attncheck audit mine.py:Attention --claim {claim}",
        id=f"{draw.getrandbits(32):08x}",
    )


def _map(draw: random.Random, *, good: bool) -> dict[str, object]:
    cross = ["".join(str(int(r == 3 or c == 5)) for c in range(11)) for r in range(7)]
    size = draw.randint(2, 4)
    window = [
        "".join(str(int(abs(r - 3) < size and abs(c - 5) < size)) for c in range(11))
        for r in range(7)
    ]
    claimed = cross if draw.random() < 0.5 else window
    seen = claimed if good else window if claimed == cross else cross
    base = {"output": [3, 5], "size": [7, 11], "what": "positions", "passes": 1}
    return {**base, "claimed": claimed, "seen": seen}


def profiled(subjects: int = 3, *, samples: int = 120, seed: int = 0) -> Report:
    """Return a report of profiled subjects: growth, latency samples, an answer against another."""
    draw = random.Random(seed)
    made = []
    for number in range(subjects):
        subject = _subject(5 * number, random.Random(number))
        subject.findings, subject.profile = subject.findings[:3], profile(draw, samples)
        made.append(subject)
    return Report(environment=ENVIRONMENT, subjects=made)


def profile(draw: random.Random, samples: int) -> Profile:
    """Return a profile as the profiler writes it."""
    sizes = [16, 32, 64, 96]
    timed = [_timing(size, draw, samples) for size in sizes]
    macs = [(size, 16 * (size**2) ** 1.5 + 1348 * size**2) for size in sizes]
    memory = [(size, 8192 * size**2) for size in sizes]
    latency = [(size, one.median or 0) for size, one in zip(sizes, timed, strict=True)]
    return Profile(
        device="cpu",
        device_name="AMD EPYC",
        threads=1,
        torch="2.13.0",
        noise_floor=0.012,
        rows=[_row(size, one) for size, one in zip(sizes, timed, strict=True)],
        scaling={
            "macs": Growth(polynomial="16·N^1.5 + 1,348·N", order=1.5, points=macs),
            "memory": Growth(polynomial="8,192·N", order=1, points=memory),
            "latency": Growth(exponent=2.4, points=latency),
        },
        against=Against(
            target="attncheck.reference.pam:pam",
            ratio=0.21,
            interval=(0.19, 0.22),
            answer="faster",
        ),
    )


def _timing(size: int, draw: random.Random, samples: int) -> Timing:
    base = 900.0 * size**2.2
    processes = [
        [
            base * shift * math.exp(abs(draw.gauss(0, 0.05))) * (2 if draw.random() < 0.02 else 1)
            for _ in range(samples)
        ]
        for shift in (1.0, 1.03, 0.99)
    ]
    every = sorted(ns for process in processes for ns in process)
    return Timing(
        processes=processes,
        p10=every[len(every) // 10],
        median=every[len(every) // 2],
        interval=(every[int(0.45 * len(every))], every[int(0.55 * len(every))]),
        confidence=0.95,
        ratio=1.31,
        ratio_interval=(1.27, 1.35),
        status="undecided" if size == 16 else "trusted",
        why="the processes differ by 9 %" if size == 16 else "",
    )


def _row(size: int, forward: Timing) -> Row:
    return Row(
        input=f"8x32x{size}x{size}",
        dims={"B": 8, "C": 32, "H": size, "W": size},
        size=size,
        batch=8,
        channels_last=size == 96,
        parameters=1321,
        macs=16 * size**3 + 1348 * size**2,
        elementwise=240 * size**2,
        peak_bytes=8192 * size**2,
        peak_backward_bytes=20000 * size**2 if size < 96 else None,
        peak_source="predicted" if size == 96 else "allocator",
        forward=forward,
        throughput=8e9 / (forward.median or 1),
        intensity=12.3,
        roofline=0.31,
    )
