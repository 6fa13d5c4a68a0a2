"""What modules, reports and arguments say is shown as text, on both streams and in every file."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path

import pytest

from attncheck.formats import format_names
from tests.cli.command import attncheck, spec_with

BAD = (
    "\x1b[31mred\x1b]0;title\x07 \u202egnp\u2066 \x9b31m \x7f [bold]b[/bold] [blink]"
    "\n::error::forged\n ##[error]forged\r::set-output name=a::b\u2028::stop-commands::x"
    " ![p](http://evil.example/p.png) <img src=x onerror=alert(1)> @someone www.evil.example | x"
)
MODULE = """
import torch
from torch import nn
BAD = {bad!r}
class Loud(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.register_parameter(BAD.replace(".", ""), nn.Parameter(torch.zeros(channels)))
    def forward(self, x):
        raise type(BAD.replace("\\0", ""), (ValueError,), {{}})(BAD)
"""
RAISES = """
raise ImportError({bad!r})
"""
STATED = ("--init", "channels=4", "--input", "2x4x5x6")


def check(text: str, *, commands: bool = False, colour: bool = False) -> None:
    """Hold a text against what no text may do to a terminal or to a runner."""
    if colour:
        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    for sign in set(text) - {"\n", "\t"}:
        assert unicodedata.category(sign) not in ("Cc", "Cf", "Cs", "Zl", "Zp"), ascii(sign)
    assert "##[" not in text
    for line in text.splitlines():
        if line.lstrip().startswith("::"):
            assert commands, line
            known = r"::(error|warning|notice|group|endgroup)( [a-zA-Z]+=[^:]*)?::"
            assert re.match(known, line), line
            assert "::error::forged" not in line[2:] or "%0A" in line


def check_markdown(text: str) -> None:
    """Hold Markdown against what is live in it, outside of code."""
    check(text)
    outside = re.sub(r"(?ms)^(`{3,})[^\n]*\n.*?^\1$", "", text)
    outside = re.sub(r"(`+)(?!`).*?(?<!`)\1(?!`)", "", re.sub(r"\\.", "", outside))
    for live in ("![", "](", "<img", "http://", "www.", "@someone"):
        assert live not in outside, live
    assert not set(re.findall(r"<[^>]*>", outside)) - {"<sub>", "</sub>"}


def test_a_modules_words_are_text_everywhere(tmp_path: Path) -> None:
    spec_with(tmp_path, {})
    (tmp_path / "loud.py").write_text(MODULE.format(bad=BAD), encoding="utf-8")
    names = [f"a.{suffix}" for suffix in ("json", "md", "html", "sarif", "xml")]
    files = [part for name in names for part in ("-o", name)]
    refused = attncheck("audit", "tiny.toml", "loud.py:Loud", folder=tmp_path)
    assert refused.returncode == 2, "the call is a guess"
    check(refused.stderr)
    done = attncheck("audit", "tiny.toml", "loud.py:Loud", *STATED, *files, folder=tmp_path)
    assert done.returncode == 1, done.stderr
    check(done.stdout)
    check(done.stderr)
    for name in names:
        check((tmp_path / name).read_text(encoding="utf-8"))
    check_markdown((tmp_path / "a.md").read_text(encoding="utf-8"))
    assert "[bold]b[/bold]" in done.stdout
    assert "\\u001b[31mred" in done.stdout


def test_the_steps_summary_and_the_annotations_hold_no_forged_command(tmp_path: Path) -> None:
    spec_with(tmp_path, {})
    (tmp_path / "loud.py").write_text(MODULE.format(bad=BAD), encoding="utf-8")
    summary = tmp_path / "summary.md"
    done = attncheck(
        *("audit", "tiny.toml", "loud.py:Loud", *STATED, "--format", "github"),
        folder=tmp_path,
        GITHUB_STEP_SUMMARY=str(summary),
    )
    assert done.returncode == 1, done.stderr
    check(done.stdout, commands=True)
    check_markdown(summary.read_text(encoding="utf-8"))


def test_an_import_errors_words_are_text(tmp_path: Path) -> None:
    spec_with(tmp_path, {})
    (tmp_path / "raises.py").write_text(RAISES.format(bad=BAD), encoding="utf-8")
    for options in ((), ("--debug",)):
        done = attncheck("audit", "tiny.toml", "raises.py:Net", *options, folder=tmp_path)
        assert done.returncode == 2
        assert "raises ImportError" in done.stderr
        check(done.stderr)


@pytest.mark.parametrize(
    "words",
    [
        ("audit", BAD),
        ("audit", "map", BAD),
        ("audit", "map", "x.py:Net", f"--{BAD}"),
        ("audit", "map", "x.py:Net", "--seed", BAD),
        ("audit", "map", "x.py:Net", "--init", BAD),
        ("audit", "map", f"{BAD}.py:Net"),
        ("replay", BAD),
        ("replay", f"{BAD}.json:abcd"),
        ("report", BAD),
        ("gate", BAD, "--baseline", BAD),
        ("explain", BAD),
        (BAD,),
    ],
)
def test_arguments_are_echoed_as_text(words: tuple[str, ...], tmp_path: Path) -> None:
    done = attncheck(*words, folder=tmp_path, FORCE_COLOR="1")
    assert done.returncode == 2
    check(done.stdout + done.stderr)
    assert "mistake in attncheck" not in done.stderr


def test_a_reports_words_are_text_in_every_format(tmp_path: Path) -> None:
    case = {"dims": {BAD: 1}, "dtype": BAD}
    place = {"path": BAD, "line": 3, "note": BAD}
    told = {"message": BAD, "expected": BAD, "seen": BAD, "reproduce": BAD, "source": BAD}
    evidence = {BAD: BAD, "diagnosis": {"mutants": [{"mistake": BAD, "diff": [BAD]}]}}
    findings = [
        {"claim": f"{BAD}{n}", "kind": BAD, "status": s, "location": place, "related": [place]}
        | {"witness": {"case": case}, "evidence": evidence, "id": "abcd1234", **told}
        for n, s in enumerate(["violated", "undecided", "skipped", "error", "holds"])
    ]
    counts = {"parameters": 1, "unpriced": [BAD], "agree": False, "disagreement": BAD}
    row = {"input": BAD, "dtype": BAD, "forward": {"processes": [[1.0, 2.0]], "why": BAD}}
    subject = {
        "spec": BAD,
        "subject": BAD,
        "target": f"{BAD}:Net",
        "verdict": "violates",
        "findings": findings,
        "notes": [BAD],
        "title": BAD,
        "paper": BAD,
        "dims": {BAD: 2},
        "counts": counts,
        "diagnosis": {"message": BAD},
        "job": {BAD: BAD},
        "profile": {"device": BAD, "warning": BAD, "disturbed": BAD, "rows": [row]},
        "defined": place,
        "excerpts": [{"path": BAD, "first": 2, "lines": [BAD, BAD, BAD]}],
    }
    problem = {"spec": BAD, "subject": BAD, "what": BAD, "where": BAD, "instead": BAD}
    report = {"schema": "attncheck.report/1", "environment": {BAD: BAD, "torch": BAD}}
    report |= {"subjects": [subject], "problems": [problem]}
    (tmp_path / "r.json").write_text(json.dumps(report), encoding="utf-8")
    (tmp_path / "o.json").write_text(
        json.dumps({**report, "environment": {}, "subjects": [{**subject, "findings": []}]}),
        encoding="utf-8",
    )
    for name in format_names():
        done = attncheck("report", "r.json", "--format", name, folder=tmp_path, FORCE_COLOR="1")
        assert done.returncode == 0, (name, done.stderr)
        check(done.stdout, commands=name == "github", colour=name == "text")
        if name == "markdown":
            check_markdown(done.stdout)
    for words in (
        ("report", "r.json", "--diff", "o.json"),
        ("gate", "r.json", "--baseline", "r.json"),
    ):
        for name in ("text", "markdown", "json"):
            done = attncheck(*words, "--format", name, folder=tmp_path)
            assert "mistake in attncheck" not in done.stderr, done.stderr
            check(done.stdout + done.stderr)
            if name == "markdown":
                check_markdown(done.stdout)
    done = attncheck("replay", "r.json:abcd", folder=tmp_path)
    assert done.returncode == 2
    check(done.stderr)
