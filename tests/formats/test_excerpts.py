"""Excerpts mark the statement that a finding is about, and survive lines that are not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from attncheck.data.report import Finding, Lines, Location, Status, SubjectReport, Verdict
from attncheck.formats.shared.excerpts import Excerpt
from attncheck.formats.shared.excerpts import excerpts as excerpts_of
from attncheck.formats.shared.paths import shown

CODE = """\
class Net:
    def forward(self, x):
        y = self.a(x)  # first
        z = self.b(y)



        q = self.c(z)
        q = self.c(z)
        q = self.c(z)
        q = self.c(z)
        return x * x
"""


@pytest.fixture
def path() -> str:
    return "net.py"


def excerpts(finding: Finding) -> list[Excerpt]:
    """Return what is drawn of a finding whose report holds the lines of the code."""
    subject = SubjectReport("map", "Net", "net.py:Net", Verdict.VIOLATES, [finding])
    subject.excerpts = [Lines("net.py", 1, CODE.splitlines())]
    return excerpts_of(finding, subject)


def at(*places: Location) -> Finding:
    return Finding("shape", "shape", Status.VIOLATED, location=places[0], related=list(places[1:]))


def test_the_neighbours_of_the_line_are_shown(path: str) -> None:
    (found,) = excerpts(at(Location(path, 4, note="here")))
    assert [line.number for line in found.lines] == [3, 4]
    assert found.lines[1].text == "z = self.b(y)"


def test_a_comment_is_not_marked(path: str) -> None:
    (found,) = excerpts(at(Location(path, 3, note="here")))
    marked = next(line for line in found.lines if line.note)
    assert marked.text[marked.start : marked.end] == "y = self.a(x)"


def test_what_a_note_quotes_is_marked(path: str) -> None:
    (found,) = excerpts(at(Location(path, 12, note="`x * x` squares")))
    marked = next(line for line in found.lines if line.note)
    assert marked.text[marked.start : marked.end] == "x * x"


def test_distant_lines_are_shown_apart(path: str) -> None:
    found = excerpts(at(Location(path, 12, note="here"), Location(path, 3, note="and here")))
    assert [excerpt.line for excerpt in found] == [12, 3]


def test_near_lines_are_shown_together(path: str) -> None:
    (found,) = excerpts(at(Location(path, 8, note="here"), Location(path, 3, note="and here")))
    assert [line.note for line in found.lines if line.note] == ["and here", "here"]
    assert any(line.number == 0 for line in found.lines), "lines left out are marked"


def test_a_def_line_without_a_note_needs_no_excerpt(path: str) -> None:
    (found,) = excerpts(at(Location(path, 2)))
    assert found.lines == []


def test_a_place_without_lines_keeps_its_note() -> None:
    (found,) = excerpts(at(Location("gone.py", 7, note="was here")))
    assert (found.path, found.line) == ("gone.py", 7)
    assert found.lines[0].note == "was here"


def test_a_path_below_the_working_folder_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert shown(f"{tmp_path}/net.py:Net") == "net.py:Net"
    assert shown("package.module:Net") == "package.module:Net"
