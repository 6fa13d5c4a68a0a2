"""GitHub: what the runner makes of the lines is what was meant."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest

from attncheck.data.report import Report, Status, SubjectReport, Verdict
from attncheck.formats import find_format
from tests.formats import sample

COMMAND = re.compile(r"::(\w+) ?([^:]*)::(.*)")


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])


def lines_of(report: Report) -> list[str]:
    return find_format("github").render(report, color=True, width=80).splitlines()


def read(line: str) -> tuple[str, dict[str, str], str]:
    """Return command, properties and message as the runner reads them."""
    found = COMMAND.fullmatch(line)
    assert found, line
    pairs = dict(pair.split("=", 1) for pair in found[2].split(",")) if found[2] else {}
    return found[1], {key: unquote(value) for key, value in pairs.items()}, unquote(found[3])


def many(count: int, message: str = "wrong", **fields: object) -> Report:
    findings = [
        sample.finding(f"c{number}", Status.VIOLATED, message, **fields) for number in range(count)
    ]
    subject = SubjectReport("gam", "mine", "mine.py:Gate", Verdict.VIOLATES, findings)
    return Report(environment={}, subjects=[subject])


def test_the_worst_comes_first_and_the_last_line_sums_up() -> None:
    *lines, last = lines_of(sample.report())
    levels = [read(line)[0] for line in lines]
    assert levels == sorted(levels, key=["error", "warning", "notice"].index)
    assert last.startswith("attncheck: 3 subjects: 1 conforms, 1 violates, 1 undecided")


def test_an_annotation_is_on_its_line_with_a_title() -> None:
    found = [read(line) for line in lines_of(sample.report())[:-1]]
    shape = next(f for f in found if f[1]["title"] == "gam article: shape")
    assert shape[1]["file"] == sample.SOURCE
    assert shape[1]["line"] == "20"
    assert "\n" in shape[2]


def test_percent_signs_breaks_colons_and_commas_come_through() -> None:
    message = "100% wrong\r\n::error::a, b: c %0A"
    (first, _) = lines_of(many(1, message))
    assert read(first)[2] == message
    assert read(first)[1]["title"] == "gam mine: c0"


def test_github_is_given_ten_of_a_level_and_the_log_keeps_the_rest() -> None:
    lines = lines_of(many(23))
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert "::group::attncheck: 13 more" in lines
    assert sum(line.startswith("error gam mine: c") for line in lines) == 13
    assert lines[-1] == "attncheck: 1 subject: 1 violates"


@pytest.mark.parametrize("message", ["\n::set-output name=a::b", "##[add-mask]x", "a ##[error]b"])
def test_no_message_becomes_a_command(message: str) -> None:
    known = ("::error ", "::group::attncheck", "::endgroup::")
    for line in lines_of(many(12, message)):
        assert not line.startswith("::") or line.startswith(known)
        if not line.startswith("::"):
            assert "##[" not in line
