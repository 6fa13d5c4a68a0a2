"""Tampered, mismatched and incomplete reports: none passes silently, each says what to do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from attncheck.data.counts import Counts
from attncheck.data.profile import Profile
from attncheck.data.report import Finding, Problem, Report, Status, Verdict, Witness
from attncheck.gate import Answer
from attncheck.gate.pairing import same_target
from attncheck.gate.seal import contradiction
from tests.gate.reports import copied, finding, judged, profile, ratios, report, subject, timing

Tamper = Callable[[Report], None]


def _set(path: str, value: object) -> Tamper:
    """Set ``environment.torch``, ``0.dims.C`` (of the first subject), ``0.profile.rows.0.macs``."""

    def change(one: Report) -> None:
        node: Any = one
        *way, last = path.split(".")
        if way and way[0].isdigit():
            node, way = one.subjects[int(way[0])], way[1:]
        for word in way:
            if isinstance(node, list):
                node = node[int(word)]
            elif isinstance(node, dict):
                node = node[word]
            else:
                node = getattr(node, word)
        if isinstance(node, dict):
            node[last] = value
        else:
            setattr(node, last, value)

    return change


def _drop(path: str) -> Tamper:
    def change(one: Report) -> None:
        number, table, *keys = path.split(".")
        node: Any = getattr(one.subjects[int(number)], table)
        for key in keys[:-1]:
            node = node[int(key)] if isinstance(node, list) else node[key]
        if isinstance(node, msgspec.Struct):
            setattr(node, keys[-1], msgspec.UNSET)
            return
        del node[int(keys[-1]) if isinstance(node, list) else keys[-1]]

    return change


def _claim(claim: str, **changes: Any) -> Tamper:
    def change(one: Report) -> None:
        found: list[Finding] = one.subjects[0].findings
        place = next(i for i, f in enumerate(found) if f.claim == claim)
        found[place] = msgspec.structs.replace(found[place], **changes)

    return change


def _add(claim: Finding) -> Tamper:
    return lambda one: one.subjects[0].findings.append(claim)


def _row() -> Tamper:
    def change(one: Report) -> None:
        found = one.subjects[0].profile
        assert found is not None
        found.rows.append(msgspec.structs.replace(found.rows[0], dtype="bfloat16"))

    return change


EITHER: dict[str, Tamper] = {
    "a subject is renamed": _set("0.subject", "Gam"),
    "a subject is gone": lambda one: one.subjects.pop(0) and None,
    "a subject is new": lambda one: one.subjects.append(subject("Other")),
    "another class under the same name": _set("0.target", "other.py:GAM"),
    "a file of the same name, deeper": _set("0.target", "vendor/gam.py:GAM"),
    "a claim is gone": _drop("0.findings.1"),
    "a claim is new": _add(finding("causality")),
    "a claim is of another kind": _claim("reach", kind="runs"),
    "a claim became advice": _claim("reach", advice=True),
    "a claim is no longer required": _claim("reach", required=False),
    "the spec has changed": _set("0.spec_hash", "fedcba9876543210"),
    "the spec is not stated": _set("0.spec_hash", ""),
    "the definition has changed": _set("0.reference_hash", "0" * 16),
    "the definition cannot be read": _set("0.reference_hash", "unread"),
    "the definition is not stated": _set("0.reference_hash", ""),
    "another torch": _set("environment.torch", "2.14.0"),
    "no torch stated": lambda one: one.environment.pop("torch") and None,
    "another attncheck": _set("environment.attncheck", "0.2.0"),
    "another machine": _set("environment.machine", "aarch64"),
    "another Python": _set("environment.python", "CPython 3.12.1"),
    "another kind of Python": _set("environment.python", "PyPy 3.11.7"),
    "another numpy": _set("environment.numpy", "2.5.0"),
    "another system": _set("environment.system", "Darwin 24.1.0"),
    "another processor, and times": _set("environment.processor", "Apple M3"),
    "no processor stated, and times": lambda one: one.environment.pop("processor") and None,
    "interrupted": _set("partial", True),
    "one could not be audited": lambda one: one.problems.append(Problem("gam", "x", "no such")),
    "audited at other sizes": _set("0.dims", {"B": 2, "C": 8}),
    "audited in another dtype": _set("0.job.dtype", "float32"),
    "audited with another seed": _set("0.job.seed", 3),
    "other constructor arguments": _set("0.job.arguments", {"reduction": 2}),
    "more parameters": _set("0.counts.parameters", 553),
    "fewer multiply-accumulates": _set("0.counts.macs", 512),
    "a count is gone": _drop("0.counts.macs"),
    "all counts are gone": _set("0.counts", None),
    "no count is said": _set("0.counts", Counts()),
    "a count that is no number": _set("0.counts.macs", float("nan")),
    "a negative count": _set("0.counts.macs", -1024),
    "a count in words": _set("0.counts.macs", "1024"),
    "the counters disagree": _set("0.counts.agree", False),
    "an operator has no price": _set("0.counts.unpriced", ["aten::foo"]),
    "the profile is gone": _set("0.profile", None),
    "the profile says nothing": _set("0.profile", Profile()),
    "another device": _set("0.profile.device", "cuda:0"),
    "another processor": _set("0.profile.device_name", "Apple M3"),
    "another driver": _set("0.profile.driver", "550.54"),
    "another torch when timed": _set("0.profile.torch", "2.14.0"),
    "another number of threads": _set("0.profile.threads", 2),
    "throttled": _set("0.profile.disturbed", "throttled"),
    "timed though it is wrong": _set("0.profile.warning", "violates: shape"),
    "another row": _row(),
    "a row in another dtype": _set("0.profile.rows.0.dtype", "float16"),
    "a row in another layout": _set("0.profile.rows.0.channels_last", True),
    "no rows": _set("0.profile.rows", []),
    "more bytes": _set("0.profile.rows.0.peak_bytes", 524_352),
    "fewer bytes": _set("0.profile.rows.0.saved_bytes", 1),
    "bytes are gone": _set("0.profile.rows.0.peak_bytes", None),
    "bytes predicted, not measured": _set("0.profile.rows.0.peak_source", "predicted"),
    "a time is gone": _set("0.profile.rows.0.forward", None),
    "a time that is not trusted": _set("0.profile.rows.0.forward", timing(status="undecided")),
    "timed beside something else": _set("0.profile.rows.0.forward", timing(beside="other")),
    "the profile was interrupted": _set("0.profile.complete", False),
    "twice as slow or fast": _set("0.profile.rows.0.forward", timing(6.0)),
    "a ratio that is no number": _set("0.profile.rows.0.forward.ratios", [float("nan")] * 12),
    "a ratio of zero": _set("0.profile.rows.0.forward.ratios", [0.0, *ratios(3.0)]),
    "too few processes": _set("0.profile.rows.0.forward.ratios", ratios(3.0, count=3)),
    "no single processes": _set("0.profile.rows.0.forward.ratios", []),
    "an accepted mistake has gone": lambda one: setattr(
        one.subjects[1].findings[0], "status", Status.HOLDS
    ),
    "an accepted mistake is seen otherwise": lambda one: setattr(
        one.subjects[1].findings[0], "message", "expected 4 axes, got 3"
    ),
    "an accepted mistake is another one": lambda one: setattr(
        one.subjects[1].findings[0], "witness", Witness({"dims": {"B": 2}})
    ),
    "a claim became undecided": _claim("reach", status=Status.UNDECIDED),
    "a claim became skipped": _claim("reach", status=Status.SKIPPED, message="--skip"),
    "a claim is skipped for another reason": _claim("masks", message="no mask"),
    "a probe broke": _claim("reach", status=Status.ERROR),
    "a claim is violated": _claim("reach", status=Status.VIOLATED),
    "a claim was tried by other probes": _claim("reach", evidence={"cases": 6, "probes": ["one"]}),
    "a claim was tried on other cases": _claim("reach", evidence={"cases": 1}),
}

ONE_SIDED = {
    ("a claim was tried by other probes", "report"): "tried by more probes now",
    # What is better now is seen from one side only.
    ("an accepted mistake has gone", "baseline"): "the mistake is still accepted, and still there",
    ("a claim was tried on other cases", "baseline"): "tried on more cases now",
    ("the definition is not stated", "baseline"): "an older attncheck's; the notes say so",
    ("an accepted mistake is seen otherwise", "baseline"): "what is seen now is what is accepted",
}


def _answer(now: Report, base: Report) -> Answer | None:
    """Return the gate's answer; None where a report is refused (exit 2)."""
    if contradiction(now) or contradiction(base):
        return None
    return judged(now, base).answer


def test_the_same_report_holds() -> None:
    result = judged(report(), report())
    assert result.answer is Answer.HOLDS, [c for c in result.checks if c.answer is not Answer.HOLDS]
    assert len(result.checks) > 15


@pytest.mark.parametrize("side", ["report", "baseline"])
@pytest.mark.parametrize("what", EITHER)
def test_no_difference_passes_silently(what: str, side: str) -> None:
    now, base = copied(report()), copied(report())
    changed = now if side == "report" else base
    EITHER[what](changed)
    for one in changed.subjects:
        one.verdict = Verdict(_verdict(one.findings))
    answer = _answer(now, base)
    if (what, side) in ONE_SIDED:
        assert answer is Answer.HOLDS
        return
    assert answer is not Answer.HOLDS
    if answer is not None:
        open_ = [c for c in judged(now, base).checks if c.answer is not Answer.HOLDS]
        assert all(check.reason for check in open_)
        assert all(check.resolve for check in open_), open_


def _verdict(findings: list[Finding]) -> str:
    from attncheck.data.report import verdict_of

    return verdict_of(findings).value


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("holds no subjects", lambda one: one.subjects.clear()),
        ("is in it twice", lambda one: one.subjects.append(one.subjects[0])),
        ("has no findings", lambda one: one.subjects[0].findings.clear()),
        ("decides 'shape' twice", lambda one: one.subjects[0].findings.append(finding("shape"))),
        ("does not follow", lambda one: setattr(one.subjects[1], "verdict", Verdict.CONFORMS)),
    ],
)
def test_a_report_that_contradicts_itself_is_refused(what: str, change: Tamper) -> None:
    one = copied(report())
    change(one)
    assert what in contradiction(one)


def test_a_baseline_that_is_too_slow_does_not_hide_a_slowdown() -> None:
    slow = profile()
    slow.rows[0].forward = timing(4.0)
    base = report(subject(profile=slow))
    assert judged(report(subject()), base, []).answer is Answer.UNDECIDED


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("models/se.py:SE", "./models/se.py:SE", True),
        ("models/se.py:SE", "vendor/models/se.py:SE", False),
        ("se.py:SE", "models/se.py:SE", False),
        ("models/se.py:SE", "/home/ci/build/models/se.py:SE", False),
        ("models.se:SE", "models/se.py:SE", True),
        ("models/se.py:SE", "models/se.py:SE2", False),
        ("models/se.py:SE", "other/se.py:SE", False),
    ],
)
def test_a_target_is_the_same_class_of_the_same_file(one: str, other: str, same: bool) -> None:
    assert same_target(one, other) is same
