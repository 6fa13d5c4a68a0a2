"""What a child says is checked like a stranger's file, and costs its own subject at worst."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from attncheck.auditing import replay
from attncheck.auditing.job import Job
from attncheck.auditing.request import Asked
from attncheck.auditing.select import select
from attncheck.auditing.task import Audit
from attncheck.data.report import Finding, Status
from attncheck.execution.limits import Limits
from attncheck.execution.messages import Answered, Message
from attncheck.execution.scheduling import run_all
from attncheck.execution.task import AnyTask
from attncheck.execution.testimony import UnsoundError, heard
from attncheck.subject.claim import Claim
from tests.cli.command import FINE, spec_with

JOB = Job(spec="tiny", name="fine", target="fine.py:Fine", claims=["shape"], command="audit tiny")
FOUND = {"claim": "shape", "kind": "shape", "status": "violated"}


class Shape(Claim, frozen=True):
    """A claim."""

    kind = "shape"


CLAIMS = {"shape": Shape(why="as the paper says")}


def said(type_: str, **fields: Any) -> bytes:
    return msgspec.json.encode({"type": type_, **fields})


def found(**changes: Any) -> bytes:
    return said("answered", step="shape", answer={**FOUND, **changes})


def told(line: bytes) -> Message:
    return heard(line, Audit(JOB, CLAIMS), JOB.claims, Limits())


UNSOUND = {
    "no JSON": b"hello",
    "no message": b"{}",
    "another message": said("promoted"),
    "bytes that are no UTF-8": b'{"type":"started","step":"\xff"}',
    "half a surrogate pair": b'{"type":"started","step":"\\ud800"}',
    "no number": b'{"type":"counted","counts":{"macs":NaN}}',
    "brackets without end": b"[" * 200_000,
    "an unknown claim": found(claim="nosuch"),
    "an unknown claim started": said("started", step="nosuch"),
    "a finding of another claim than was tried": found(claim="runs"),
    "an answer to what was not asked": said("answered", step="nosuch", answer=FOUND),
    "nothing where something is known": said("opened", about=None),
    "a claim of another type": found(claim=7),
    "an unknown status": found(status="perfect"),
    "a place without a line": found(location={"path": "x.py"}),
    "a line of another type": found(location={"path": "x.py", "line": "7"}),
    "a line below all": found(location={"path": "x.py", "line": -1}),
    "a line beyond all": found(location={"path": "x.py", "line": 10**12}),
    "a related place beyond all": found(related=[{"path": "x.py", "line": 10**12}]),
    "an id that is a path": found(id="../../escaped"),
    "evidence of another type": found(evidence=[1]),
    "evidence too deep": found(evidence={"a": msgspec.Raw(b"[" * 200 + b"]" * 200)}),
    "evidence too large": found(evidence={"a": [0] * 600_000}),
    "an id that could be a path": found(id="../../escaped"),
    "a number too large": found(evidence={"a": msgspec.Raw(b"1" * 400)}),
    "a map too large": found(evidence={"map": {"size": [10**5, 10**5]}}),
    "a witness of another type": found(witness=[1]),
    "a witness that is no case": found(witness={"case": {"dims": "large"}}),
    "a witness of negative dims": found(witness={"case": {"dims": {"C": -1}}}),
    "counts of another type": said("counted", counts=[1]),
    "a count of another type": said("counted", counts={"macs": "few"}),
    "counted dims of another type": said("counted", counts={"dims": [1]}),
    "an unknown phase": said("reached", phase="retired"),
    "dims of another type": said("opened", about={"dims": {"C": "many"}}),
    "dims beyond all": said("opened", about={"dims": {"C": 10**15}}),
    "a note of another type": said("opened", about={"dims": {}, "notes": [1]}),
    "a case of another type": said("trying", case={"dims": 7}),
}


@pytest.mark.parametrize("name", UNSOUND)
def test_what_is_no_message_of_this_job_is_refused(name: str) -> None:
    with pytest.raises(UnsoundError):
        told(UNSOUND[name])


def test_what_the_parent_knows_is_not_taken_from_a_child() -> None:
    line = found(
        id="0badbeef",
        reproduce="rm -rf ~",
        kind="runs",
        advice=True,
        required=False,
        source="trust me",
    )
    message = told(line)
    assert isinstance(message, Answered)
    finding = message.answer
    assert len(finding.id) == 8
    assert finding.id != "0badbeef"
    assert finding.reproduce == "audit tiny --claim shape"
    assert (finding.kind, finding.source) == ("shape", "as the paper says")
    assert (finding.advice, finding.required) == (False, True)


def test_an_id_of_another_form_is_never_a_file_s_name(tmp_path: Any, monkeypatch: Any) -> None:
    monkeypatch.setenv("ATTNCHECK_HOME", str(tmp_path / "home"))
    replay.store(JOB, Finding("shape", "shape", Status.VIOLATED, id="../../escaped"))
    assert not list(tmp_path.rglob("*escaped*"))


def test_what_no_path_holds_is_written_out() -> None:
    message = told(found(location={"path": "x\0y" + "z" * 10**6, "line": 1}))
    assert isinstance(message, Answered)
    path = message.answer.location.path
    assert path.startswith(r"x\u0000y")
    assert len(path) < 4100


def test_long_texts_are_cut() -> None:
    message = told(found(message="x" * 10**6))
    assert isinstance(message, Answered)
    assert message.answer.message.endswith("(996,000 characters more)")
    assert len(message.answer.message) < 4100


def test_a_mistake_of_ours_in_one_subject_leaves_the_others_whole(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(tmp_path, {"one": "fine.py:Fine", "two": "fine.py:Fine"})
    tasks = [task for _, task in select("tiny.toml", "", Asked())]

    def listen(task: AnyTask, message: object) -> None:
        if task.question.name == "one":
            raise ValueError("ours")

    (one, two), interrupted = run_all(tasks, Limits(), listen=listen)
    assert not interrupted
    assert one.refused is not None
    assert one.refused.kind == "internal"
    assert {finding.status for finding in two.answers.values()} == {Status.HOLDS}
