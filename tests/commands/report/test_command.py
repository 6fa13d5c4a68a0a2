"""``attncheck report`` on files as people have them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from attncheck.cli.output import MOST_BYTES, add_summary, fitting
from attncheck.data.report import encode
from tests.cli.command import attncheck
from tests.commands.report.test_diff import changed
from tests.formats import sample


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "old.json").write_bytes(encode(sample.report()))
    (tmp_path / "new.json").write_bytes(encode(changed()))
    return tmp_path


def test_a_report_is_converted_to_any_format_whatever_its_verdict(folder: Path) -> None:
    done = attncheck(
        *("report", "old.json", "--format", "sarif"),
        *("-o", "a.xml", "-o", "a.md", "-o", "a.json"),
        folder=folder,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["version"] == "2.1.0"
    assert (folder / "a.xml").read_text(encoding="utf-8").startswith("<?xml")
    assert (folder / "a.json").read_bytes() == (folder / "old.json").read_bytes()


def test_reports_that_contradict_each_other_are_merged_and_told(folder: Path) -> None:
    done = attncheck("report", "old.json", "new.json", "-q", "-o", "all.json", folder=folder)
    assert done.returncode == 3
    assert "the reports disagree: gam@reference: reach holds in old.json" in done.stderr
    assert "torch differs" in done.stderr
    subjects = json.loads((folder / "all.json").read_text(encoding="utf-8"))["subjects"]
    assert len(subjects) == 4
    assert subjects[0]["verdict"] == "violates"


@pytest.mark.parametrize(
    ("name", "sign"), [("text", "→"), ("markdown", "###"), ("json", '"attncheck.diff/1"')]
)
def test_a_difference_is_shown_and_written(folder: Path, name: str, sign: str) -> None:
    words = ["report", "new.json", "--diff", "old.json", "--format", name, "-o", "d.json"]
    done = attncheck(*words, folder=folder, PYTHONIOENCODING="utf-8")
    assert done.returncode == 0, done.stderr
    assert sign in done.stdout
    assert json.loads((folder / "d.json").read_text(encoding="utf-8"))["same"] == 0


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot read the report: no such file"),
        (b"", "the file is empty"),
        (b"subjects: []", "not JSON"),
        (encode(sample.report())[:-200], "cut off"),
        (b"[]", "it names no schema"),
        (b'{"schema": "attncheck.gate/1"}', "not a report of attncheck audit: its schema is"),
        (b'{"schema": "attncheck.report/9"}', "another version of attncheck"),
        (b'{"schema": "attncheck.report/1", "environment": {}}', "subjects"),
        (b"\xff\xfe\x00", "not JSON"),
    ],
)
def test_a_file_that_is_no_report_is_refused_in_words(
    tmp_path: Path, content: bytes | None, said: str
) -> None:
    if content is not None:
        (tmp_path / "bad.json").write_bytes(content)
    done = attncheck("report", "bad.json", folder=tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert "bad.json: " in done.stderr
    assert "Traceback" not in done.stderr


def test_a_difference_as_sarif_is_refused_before_anything_is_written(folder: Path) -> None:
    done = attncheck("report", "new.json", "--diff", "old.json", "-o", "d.xml", folder=folder)
    assert done.returncode == 2
    assert "no difference is written as '.xml'" in done.stderr
    assert done.stdout == ""


def test_annotations_fill_the_summary_of_the_step(folder: Path) -> None:
    place = folder / "summary.md"
    place.write_text("# before\n", encoding="utf-8")
    done = attncheck(
        "report", "old.json", "--format", "github", folder=folder, GITHUB_STEP_SUMMARY=str(place)
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("::error ")
    assert place.read_text(encoding="utf-8").startswith("# before\n## gam · Global attention")


def test_other_formats_leave_the_summary_alone(folder: Path) -> None:
    place = folder / "summary.md"
    attncheck("report", "old.json", folder=folder, GITHUB_STEP_SUMMARY=str(place))
    assert not place.exists()


def test_a_summary_stays_below_the_limit_and_is_cut_at_a_heading(tmp_path: Path) -> None:
    place = tmp_path / "summary.md"
    place.write_bytes(b"x" * 1000)
    block = "\n\n### ü heading\n\n```text\n" + "× line\n" * 500 + "```"
    add_summary(place, block * 400)
    data = place.read_bytes()
    assert MOST_BYTES - 10_000 < len(data) <= MOST_BYTES
    text = data.decode("utf-8")
    assert text.count("```") % 2 == 0
    assert text.endswith("The rest is in the report.*\n")


def test_a_summary_without_room_stays_as_it_is() -> None:
    assert fitting("text" * 10, 5) == ""
    assert fitting("short", 5) == "short"
