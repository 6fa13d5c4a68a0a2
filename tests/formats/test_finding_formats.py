"""Formats are found by name and by suffix; a plugin is found by its entry point."""

from __future__ import annotations

import importlib.metadata

import pytest

from attncheck import formats
from attncheck.data.report import Report
from attncheck.errors import UsageError
from attncheck.formats import all_formats, find_format, format_for_file, format_names


class Shout:
    name = "shout"
    suffixes = (".shout",)

    def render(self, report: Report, *, color: bool, width: int) -> str:
        return "VIOLATES\n"


SHOUT = Shout()


def test_the_formats_of_the_contract_are_there() -> None:
    assert {"text", "json", "markdown"} <= set(format_names())


def test_every_format_is_called_as_its_file() -> None:
    assert [found.name for found in all_formats()] == format_names()


@pytest.mark.parametrize(("suffix", "name"), [(".json", "json"), (".md", "markdown")])
def test_a_suffix_chooses_the_format(suffix: str, name: str) -> None:
    assert format_for_file(suffix).name == name


def test_an_unknown_format_names_the_nearest() -> None:
    with pytest.raises(UsageError, match="did you mean 'markdown'"):
        find_format("markdwon")


def test_an_unknown_suffix_names_those_that_there_are() -> None:
    with pytest.raises(UsageError, match=r"no format writes '\.docx' files"):
        format_for_file(".docx")


def test_a_plugin_is_found_by_its_entry_point(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("shout", f"{__name__}:SHOUT", "attncheck.formats")
    monkeypatch.setattr(formats, "entry_points", lambda group: [point])
    assert find_format("shout").render.__self__ is SHOUT  # type: ignore[attr-defined]
    assert format_for_file(".shout").name == "shout"


def test_a_plugin_that_is_no_format_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    point = importlib.metadata.EntryPoint("odd", "math:pi", "attncheck.formats")
    monkeypatch.setattr(formats, "entry_points", lambda group: [point])
    with pytest.raises(UsageError, match="is no format"):
        find_format("odd")
