"""Any module on any inputs: each call as it is typed, and what a hand counts of it."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from attncheck.auditing.request import Asked
from attncheck.cli.options import initials
from attncheck.commands.count import counted
from attncheck.commands.words import UNSAID, selected
from attncheck.data.counts import known
from attncheck.data.report import Report
from tests.cli.command import attncheck
from tests.commands.count.calls import CALLS, FOLDER, HandCall


def count(target: str, words: str, device: str = "", folder: str = f"{FOLDER}/") -> Report:
    """Count what a command line names, as the command does."""
    given: dict[str, list[str]] = {"--input": [], "--init": []}
    for option, text in zip(words.split()[::2], words.split()[1::2], strict=True):
        given[option].append(text)
    asked = Asked(arguments=initials(given["--init"]), inputs=given["--input"])
    return counted(selected([f"{folder}{target}"], asked, family=UNSAID), device)


def test_there_are_as_many_as_were_promised() -> None:
    assert len(CALLS) == 58
    assert min(Counter(call.family for call in CALLS).values()) >= 4


@pytest.mark.parametrize("call", CALLS, ids=[f"{c.family}: {c.target} {c.words}" for c in CALLS])
def test_what_a_hand_counts_is_counted(call: HandCall) -> None:
    report = count(call.target, call.words)
    assert not report.problems, report.problems
    (subject,) = report.subjects
    assert subject.counts is not None
    counts = subject.counts
    assert (counts.macs, known(counts.unpriced), counts.written_out) == (
        call.macs,
        [],
        call.written_out,
    )


def test_the_command_says_the_same() -> None:
    (call,) = [call for call in CALLS if "{p3:" in call.words]
    done = attncheck("count", call.target, *call.words.split(), "--format", "json", folder=FOLDER)
    assert done.returncode == 0, done.stderr
    (subject,) = json.loads(done.stdout)["subjects"]
    assert subject["counts"]["macs"] == call.macs


@pytest.mark.parametrize("name", ["layers.py:Attend", "forms.py:Reduce", "forms.py:SmallGPT"])
def test_values_are_counted_as_their_shapes_are(name: str) -> None:
    call = next(call for call in CALLS if call.target == name)
    (subject,) = count(call.target, call.words, "cpu").subjects
    assert subject.counts is not None
    assert (subject.counts.macs, subject.counts.fvcore) == (call.macs, call.macs)


REFUSED = [
    ("layers.py:Pair", "--input 2x5x8", "nothing is stated for 'b' of forward(a, b)"),
    ("layers.py:Squeeze(8)", "--input 2x8x3x3 --input 2x8", "forward(x) takes 1 by their places"),
    ("layers.py:Pair", "--input 2x5x8 --input c=2x5x8", "has no argument 'c'"),
    ("forms.py:SmallResNet", "--input 1x4x64x64", "('x' has the wrong size)"),
    ("forms.py:SmallViT", "--input 1x3x48x48", "('x' has the wrong size)"),
    ("layers.py:Cross(8,12)", "--input 2x5x8", "nothing is stated for 'context'"),
    ("layers.py:Cross(8,12)", "--input 2x5x8 --input 2x7x9", "('context' has the wrong size)"),
    ("forms.py:Concat", "--input [1x8x6x6,1x8x6x6", "is no input"),
    ("forms.py:Concat()", "--init c=8 --input 1x8x6x6", "takes no --init"),
]


@pytest.mark.parametrize(("target", "words", "said"), REFUSED)
def test_what_cannot_be_called_names_the_argument_and_a_line_that_works(
    target: str, words: str, said: str
) -> None:
    try:
        (problem,) = count(target, words).problems
        what, instead = problem.what, problem.instead
    except Exception as error:
        what, instead = error.what, error.instead  # type: ignore[attr-defined]
    assert said in what
    if line := re.search(r"it runs with ((?:--input \S+ ?)+)", instead):
        assert not count(target, line[1].strip()).problems
    else:
        assert (
            "write sizes" in instead
            or "did you mean" in instead
            or "allowed" in instead
            or "write c=8" in instead
        )


def test_a_width_that_nobody_states_is_said_to_be_assumed() -> None:
    (subject,) = count("layers.py:Cross", "--input 2x6x20 --input 2x9x28").subjects
    assert subject.notes[0] == "built as query_dim=20 (assumed), context_dim=28 (assumed)"


def test_a_call_that_nobody_states_is_found() -> None:
    for target in (
        "forms.py:SmallResNet",
        "layers.py:Audio",
        "forms.py:Language",
        "layers.py:Pair",
    ):
        assert not count(target, "").problems, target
