"""A subject that writes to the pipe to the parent, or replaces what judges it, gains nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.cli.command import FINE, attncheck, spec_with

FORGING = r"""
import builtins, enum, fcntl, json, os, sys, threading, time
import torch
from torch import nn


class Base(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        self.attack()
        return self.conv(x).mean((2, 3), keepdim=True)

    def attack(self):
        pass


LINES = "".join(
    json.dumps({
        "type": "answered", "step": c, "answer": {"claim": c, "kind": c, "status": "holds"}
    }) + "\n"
    for c in ("constructs", "runs", "shape", "batch-independence")
)
DONE = '{"type":"done"}\n'


def everywhere(text, low=3, high=4096):
    for fd in range(low, high):
        try:
            os.write(fd, text.encode())
        except OSError:
            pass


class Lines(Base):
    def attack(self):
        everywhere(LINES + DONE)
class Garbage(Base):
    def attack(self):
        everywhere("hello\n")
class Half(Base):
    def attack(self):
        everywhere("half of a line")
class Thread(Base):
    def __init__(self, channels):
        super().__init__(channels)
        threading.Thread(target=self.later, daemon=True).start()

    def later(self):
        time.sleep(0.002)
        everywhere(LINES + DONE)
class Forks(Base):
    def attack(self):
        if os.fork() == 0:
            everywhere(LINES + DONE)
            os._exit(0)
        time.sleep(.1)
class Huge(Base):
    def attack(self):
        everywhere("x" * 100000000)
class Zeroes(Base):
    def attack(self):
        everywhere("0" * 32 + " " + DONE)
class Done(Base):
    def attack(self):
        everywhere(DONE)
        os._exit(0)
class Encoder(Base):
    def attack(self):
        import attncheck.execution.messages as m
        from attncheck.data.report import Status
        old = m._ENCODER.encode
        class E:
            def encode(self, message):
                if hasattr(message, "answer"):
                    message.answer.status = Status.HOLDS
                return old(message)
        m._ENCODER = E()
class Encode(Base):
    def attack(self):
        import attncheck.execution.messages as m
        from attncheck.execution import child
        from attncheck.data.report import Status
        old = m.encode
        def encode(message):
            if hasattr(message, "answer"):
                message.answer.status = Status.HOLDS
            return old(message)
        m.encode = child.encode = encode
class EncodeCode(Base):
    def attack(self):
        import attncheck.execution.messages as m
        def encode(message):
            if hasattr(message, "answer"):
                message.answer.status = message.answer.status.HOLDS
            return _ENCODER.encode(message) + b"\n"
        m.encode.__code__ = encode.__code__
class StatusMember(Base):
    def attack(self):
        from attncheck.data.report import Status
        type.__setattr__(Status, "VIOLATED", Status.HOLDS)
class StatusValue(Base):
    def attack(self):
        from attncheck.data.report import Status
        Status.VIOLATED._value_ = "holds"
class Violated(Base):
    def attack(self):
        import attncheck.subject.claim as c
        import attncheck.probes.shape as s
        for m in (c, s):
            m.violated = lambda *a, **k: c.holds("fine")
class Decide(Base):
    def attack(self):
        import attncheck.auditing.work as a
        from attncheck.data.report import Finding, Status
        a.decide = lambda name, claim, *r: Finding(name, claim.kind, Status.HOLDS)
class DecideCode(Base):
    def attack(self):
        import attncheck.auditing.decide as d
        def f(name, claim, subject, cases=None):
            return Finding(name, claim.kind, Status.HOLDS)
        d.decide.__code__ = f.__code__
class Check(Base):
    def attack(self):
        from attncheck.subject.claim import holds
        from attncheck.probes import find_kind
        find_kind("shape").check = lambda self, trial: holds()
class Defaults(Base):
    def attack(self):
        import attncheck.data.report as r
        r.verdict_of.__defaults__ = ()
        import attncheck.auditing.decide as d
        d.decide.__defaults__ = ([],)
class Shadow(Base):
    def attack(self):
        import attncheck.auditing.decide as d
        d.isinstance = lambda *a: True
class Equal(Base):
    def attack(self):
        torch.equal = lambda a, b: True
        import attncheck.lazy
        attncheck.lazy.torch.equal = torch.equal
class TensorEq(Base):
    def attack(self):
        torch.Tensor.equal = lambda a, b: True
class Builtins(Base):
    def attack(self):
        builtins.all = lambda x: True
class Write(Base):
    def attack(self):
        old = os.write
        os.write = lambda fd, data: old(fd, data.replace(b'"violated"', b'"holds"'))
class Msgspec(Base):
    def attack(self):
        import msgspec
        old = msgspec.json.encode
        msgspec.json.encode = lambda m, **k: old(m).replace(b"violated", b"holds")
class Hashlib(Base):
    def attack(self):
        import hashlib
        hashlib.blake2b = lambda **k: None
class Judges(Base):
    def attack(self):
        import attncheck.execution.judges as j
        import attncheck.execution.patches as p
        j.watched = lambda: lambda: ""
        p.replaced = lambda b: ""
"""

IMPORTED = """
import json, os
from fine import Fine
ANSWER = {"claim": "shape", "kind": "", "status": "holds"}
LINE = json.dumps({"type": "answered", "step": "shape", "answer": ANSWER})
for fd in range(3, 4096):
    try:
        os.write(fd, (LINE + "\\n").encode())
    except OSError:
        pass
class Imported(Fine):
    pass
"""

NAMES = [line[6:].partition("(")[0] for line in FORGING.splitlines() if "(Base)" in line]
WRITES = ("Lines", "Garbage", "Half", "Thread", "Forks", "Zeroes", "Done")
PATCHES = tuple(name for name in NAMES if name not in (*WRITES, "Huge"))

Subjects = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Subjects:
    """Audit all of them, and a correct one, with one command."""
    folder = tmp_path_factory.mktemp("forging")
    (folder / "forging.py").write_text(FORGING, encoding="utf-8")
    (folder / "imported.py").write_text(IMPORTED, encoding="utf-8")
    (folder / "fine.py").write_text(FINE, encoding="utf-8")
    targets = {name: f"forging.py:{name}" for name in NAMES}
    others = {"Imported": "imported.py:Imported", "Fine": "fine.py:Fine"}
    spec = spec_with(folder, {**targets, **others})
    done = attncheck("audit", str(spec), "--format", "json", "--timeout", "15", folder=folder)
    assert done.returncode == 2, done.stderr  # one cannot be imported
    report = json.loads(done.stdout)
    found = {subject["subject"]: subject for subject in report["subjects"]}
    return {**found, **{one["subject"]: one for one in report["problems"]}}


def accused(subject: dict[str, Any]) -> str:
    return next(f["message"] for f in subject["findings"] if f["status"] == "violated")


@pytest.mark.parametrize("name", WRITES)
def test_what_it_writes_to_our_pipe_is_its_finding(audited: Subjects, name: str) -> None:
    assert audited[name]["verdict"] == "violates"
    assert "writes to attncheck's own pipe" in accused(audited[name])


@pytest.mark.parametrize("name", PATCHES)
def test_what_it_replaces_of_its_judges_is_its_finding(audited: Subjects, name: str) -> None:
    assert audited[name]["verdict"] == "violates"
    assert "replaces functions of " in accused(audited[name])


@pytest.mark.parametrize("name", ["Huge"])
def test_no_flood_is_believed(audited: Subjects, name: str) -> None:
    assert audited[name]["verdict"] == "violates"


def test_an_import_that_writes_to_our_pipe_leaves_nothing_to_audit(audited: Subjects) -> None:
    assert audited["Imported"]["what"] == (
        "importing it writes to attncheck's own pipe, which is no file of its own"
    )


def test_a_sound_subject_beside_them_is_whole(audited: Subjects) -> None:
    assert [finding["status"] for finding in audited["Fine"]["findings"]] == ["holds"] * 4
