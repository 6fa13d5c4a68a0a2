"""A report is shown from the report alone: no file that it names is opened, whatever it is."""

from __future__ import annotations

import builtins
import contextlib
import io
import linecache
import os
import site
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

import attncheck
from attncheck.commands.report.diff import difference
from attncheck.commands.report.merge import merge
from attncheck.data.report import Location, Report, Status, SubjectReport, Verdict, decode, encode
from attncheck.formats import all_formats
from attncheck.gate import Files, Policy, gate
from attncheck.gate.page import annotated, markdown_of, page_of, plain_text
from tests.formats import sample

INSTALLED = (
    str(Path(attncheck.__file__).parent),
    os.path.dirname(os.__file__),
    *site.getsitepackages(),
)


def naming(path: str) -> Report:
    """Return a report all of whose places are in one file."""
    findings = [
        sample.finding(
            "shape",
            Status.VIOLATED,
            "it fails",
            location=Location(path, 1, note="`root` here"),
            related=[Location(path, 2, 3, note="and here")],
        ),
        sample.finding("runs", Status.UNDECIDED, "no place"),
    ]
    subject = SubjectReport("gam", "mine", f"{path}:Gate", Verdict.VIOLATES, findings)
    return Report(environment={}, subjects=[subject])


@pytest.fixture(params=["/etc/passwd", "/dev/zero", "pipe.py", ".env", "secret.py", "../../x"])
def path(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.py")
    Path(".env").write_text("root = 'a secret'", encoding="utf-8")
    Path("secret.py").write_text("root = 'a secret'\n" * 9 + "class Gate:", encoding="utf-8")
    return str(request.param)


@contextlib.contextmanager
def closed() -> Iterator[None]:
    """Let nothing be opened but what attncheck and Python are made of."""
    opened: list[object] = []

    def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
        def opening(file: Any, *rest: Any, **more: Any) -> Any:
            if isinstance(file, int) or os.fspath(file).startswith(INSTALLED):
                return function(file, *rest, **more)
            opened.append(file)
            raise OSError(f"{file} was opened")

        return opening

    ways = [
        *((builtins, "open"), (io, "open"), (os, "open"), (os, "stat")),
        *((linecache, "getlines"), (linecache, "getline")),
    ]
    with contextlib.ExitStack() as stack:
        for place, name in ways:
            stack.enter_context(mock.patch.object(place, name, guarded(getattr(place, name))))
        yield
    assert opened == []


def test_every_format_shows_a_report_without_opening_a_file_of_it(path: str) -> None:
    report = naming(path)
    for format_ in all_formats():
        with closed():
            text = format_.render(report, color=False, width=80)
        assert "secret'" not in text
        assert "root:x:" not in text


def test_gates_and_differences_open_no_file_of_a_report(path: str) -> None:
    report = naming(path)
    with closed():
        merged = merge([("a", report), ("b", naming("other.py"))]).report
        assert difference(report, merged).subjects
        result = gate(
            report, merged, Policy(), [], today=date(2026, 1, 1), files=Files("a", "b", "c")
        )
        page = page_of(result)
        assert annotated(result) + markdown_of(result) + plain_text(page, 80)


def test_excerpts_are_no_part_of_what_a_gate_or_a_difference_compares() -> None:
    before, after = naming("net.py"), naming("net.py")
    after.subjects[0].excerpts = [sample.source(sample.SOURCE)]
    after.subjects[0].defined = Location("net.py", 9)
    result = gate(after, before, Policy(), [], today=date(2026, 1, 1), files=Files("a", "b", "c"))
    same = gate(before, before, Policy(), [], today=date(2026, 1, 1), files=Files("a", "b", "c"))
    assert result == same
    assert difference(before, after).same == 1


def test_excerpts_survive_the_way_through_json() -> None:
    report = sample.report()
    assert decode(encode(report)).subjects[1].excerpts == report.subjects[1].excerpts
