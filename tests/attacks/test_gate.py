"""A gate holds only what was audited just now, and proves no less than the baseline did."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import pytest

from tests.attacks.box import Box, violated
from tests.attacks.modules import SE, WRONG

FEW = ("--claim", "gate", "--claim", "equivalence", "--claim", "runs", "-q", "-o")
AUDIT = ("audit", "se", "se.py:SE", *FEW)


@pytest.fixture
def based(box: Box, sound: Any) -> Box:
    """A box with the baseline of a sound module."""
    box.dump("r0.json", sound)
    box.run("baseline", "r0.json", "-o", "b.json").decently(0)
    return box


def gated(box: Box, report: str = "r.json") -> int:
    return box.run("gate", report, "--baseline", "b.json").decently().status


OWN = """id = "own"
title = "Own"
family = "map"
summary = "y = x * g(x)"
reference = "definition.py:own"
[dims]
C = 24
h = "C // 4"
[claims.equivalence]
[subjects.mine]
target = "block.py:Block"
arguments = { channels = "C" }
"""
DEFINITION = '''"""A gate from the channels' means."""

from torch import relu, sigmoid, tanh

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear
from attncheck.reference.steps import mean_hw, over_hw


@mechanism(
    dims={"C": None},
    a=linear("C", "C // 4", bias=False),
    b=linear("C // 4", "C", bias=False),
)
def own(p, o, x):
    """Gate: (B, C, H, W) -> same."""
    z = mean_hw(x)
    u = z @ p.a.weight.T
    v = relu(u)
    t = v @ p.b.weight.T
    s = sigmoid(t)
    g = over_hw(s)
    y = x * g
    return y
'''
BLOCK = """import torch
from torch import nn
class Block(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a = nn.Linear(channels, channels // 4, bias=False)
        self.b = nn.Linear(channels // 4, channels, bias=False)
    def forward(self, x):
        s = torch.sigmoid(self.b(torch.relu(self.a(x.mean((2, 3))))))
        return x * s[:, :, None, None]
"""


def test_a_definition_changed_together_with_its_module_does_not_hold(box: Box) -> None:
    for name, text in (("own.toml", OWN), ("definition.py", DEFINITION), ("block.py", BLOCK)):
        box.write(name, text)
    audit = ("audit", "own.toml", "block.py:Block", "--claim", "equivalence", "-q", "-o")
    box.run(*audit, "r0.json").decently(0)
    box.run("baseline", "r0.json", "-o", "b.json").decently(0)
    assert gated(box, "r0.json") == 0
    box.write("definition.py", DEFINITION.replace("s = sigmoid(t)", "s = tanh(t)"))
    box.write("block.py", BLOCK.replace("torch.sigmoid", "torch.tanh"))
    box.run(*audit, "r.json").decently(0)
    assert gated(box) != 0


ACCEPTED = """[[accepted]]
subject = "se@SE"
claim = ["equivalence", "gate"]
reason = "known"
expires = 2027-01-01
"""
STARS = ACCEPTED.replace("se@SE", "*").replace('["equivalence", "gate"]', '["*"]')


@pytest.mark.parametrize(
    "accepted", [ACCEPTED, STARS, "accepted = 7\n", ACCEPTED.replace("2027", "1999")]
)
def test_an_acceptance_that_names_no_mistake_passes_no_violation(
    based: Box, wrong: Any, accepted: str
) -> None:
    based.write("accepted.toml", accepted)
    based.dump("r.json", wrong)
    assert gated(based) != 0


@pytest.mark.parametrize(
    "words", [("nosuch", "se.py:SE"), ("se", "gone.py:SE"), ("se", "no.py:SE")]
)
def test_an_audit_that_failed_leaves_no_old_report_to_gate(
    based: Box, sound: Any, words: tuple[str, ...]
) -> None:
    based.write("no.py", "class SE(\n")
    based.dump("r.json", sound)
    based.run("audit", *words, "-o", "r.json").decently(2)
    assert gated(based) != 0


@pytest.mark.parametrize("way", ["by name", "by its whole path", "by a link"])
def test_a_baseline_is_no_report(based: Box, way: str) -> None:
    os.symlink("b.json", based.here / "link.json")
    names = {"by its whole path": str(based.here / "b.json"), "by a link": "link.json"}
    assert gated(based, names.get(way, "b.json")) != 0


@pytest.mark.parametrize("file", ["deeper/se.py", "../beside/se.py"])
def test_another_file_of_the_same_name_does_not_hold(based: Box, file: str) -> None:
    based.write(file, SE)
    based.run("audit", "se", f"{file}:SE", *FEW, "r.json").decently(0)
    assert gated(based) != 0


@pytest.mark.parametrize(
    "changed",
    [
        {"numpy": "1.26.0"},
        {"python": "CPython 3.9.1"},
        {"machine": "another"},
        {"torch": "2.1.0"},
        {"attncheck": "99.0.0"},
    ],
    ids=lambda changed: next(iter(changed)),
)
def test_other_surroundings_do_not_hold(based: Box, sound: Any, changed: dict[str, str]) -> None:
    sound["environment"].update(changed)
    based.dump("r.json", sound)
    assert gated(based) != 0


Change = Callable[[Any, Any], object]
LESS: dict[str, Change] = {
    "another subject": lambda subject, found: subject.update(subject="Other"),
    "a claim less": lambda subject, found: subject["findings"].remove(found),
    "another spec": lambda subject, found: subject.update(spec_hash="0" * 16),
    "an error": lambda subject, found: found.update(status="error"),
    "a skip": lambda subject, found: found.update(status="skipped"),
    "no requirement": lambda subject, found: found.update(status="undecided", required=False),
    "mere advice": lambda subject, found: found.update(status="violated", advice=True),
    "no findings": lambda subject, found: subject["findings"].clear(),
}


@pytest.mark.parametrize("change", LESS)
def test_a_report_that_proves_less_does_not_hold(based: Box, sound: Any, change: str) -> None:
    LESS[change](sound["subjects"][0], violated(sound))
    based.dump("r.json", sound)
    assert gated(based) != 0


def test_a_verdict_that_its_findings_contradict_does_not_hold(based: Box, wrong: Any) -> None:
    wrong["subjects"][0]["verdict"] = "conforms"
    based.dump("r.json", wrong)
    assert gated(based) != 0


def test_a_violation_hidden_behind_a_second_subject_of_its_name_does_not_hold(
    based: Box, sound: Any, wrong: Any
) -> None:
    sound["subjects"] = [wrong["subjects"][0], sound["subjects"][0]]
    based.dump("r.json", sound)
    assert gated(based) != 0


# ------------------------------------------------------------------------------ and benign


def test_benign_a_rewrite_with_the_same_meaning_holds(based: Box) -> None:
    rewritten = SE.replace("self.pool(x).view(b, c)", "x.mean((2, 3))").replace("x * y", "y * x")
    based.write("se.py", rewritten)
    based.run(*AUDIT, "r.json").decently(0)
    assert gated(based) == 0


def test_benign_a_violation_regresses(based: Box) -> None:
    based.write("se.py", WRONG)
    based.run(*AUDIT, "r.json").decently(1)
    assert gated(based) == 1
