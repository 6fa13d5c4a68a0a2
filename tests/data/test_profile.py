"""A profile comes back from JSON as it was written, and one that cannot be is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from attncheck.data.profile import Against, AtBest, Growth, Paired, Profile, Row, Timing
from attncheck.data.report import decode, encode
from attncheck.data.report_file import read_report
from attncheck.errors import UsageError
from tests.formats import large, sample
from tests.gate.reports import paired

WRITTEN = Path(__file__).parent / "profile-1.json"
"""A profile with every field, as the first version that had profiles wrote it."""


def raw_with(profile: object) -> bytes:
    raw = json.loads(encode(sample.report()))
    raw["subjects"][0]["profile"] = profile
    return json.dumps(raw).encode()


def test_what_an_earlier_version_wrote_comes_back_byte_for_byte() -> None:
    written = WRITTEN.read_bytes()
    again = msgspec.json.decode(written, type=Profile)
    text = msgspec.json.encode(again, order="deterministic")
    assert msgspec.json.format(text, indent=2) + b"\n" == written


@pytest.mark.parametrize("kind", [Profile, Row, Timing, Growth, Against, Paired, AtBest])
def test_fields_stand_as_the_json_sorts_them(kind: type[msgspec.Struct]) -> None:
    assert list(kind.__struct_fields__) == sorted(kind.__struct_fields__)


def test_what_was_not_found_is_told_and_what_nobody_looked_for_is_left_out() -> None:
    (row,) = json.loads(msgspec.json.encode(Profile(rows=[Row(input="2x3")])))["rows"]
    assert row["peak_bytes"] is row["forward"] is None
    assert row["peak_source"] == ""
    assert not {"macs", "unused", "why"} & set(row)


@pytest.mark.parametrize("report", [large.profiled(2, samples=5), large.profiled(1, samples=1)])
def test_a_profile_survives_the_way_through_json(report: Any) -> None:
    report.subjects[0].profile.against.rows = paired(1.0).against.rows  # type: ignore[union-attr]
    assert encode(decode(encode(report))) == encode(report)


UNREADABLE: dict[str, tuple[object, str]] = {
    "no object": ([], r"\$.subjects\[0\].profile"),
    "rows in words": ({"rows": "no"}, r"\$.subjects\[0\].profile.rows"),
    "half a point": ({"scaling": {"macs": {"points": [[1]]}}}, r"profile.scaling\[...\].points"),
    "bytes in words": ({"rows": [{"peak_bytes": "4 KiB"}]}, r"profile.rows\[0\].peak_bytes"),
    "a floor below zero": ({"noise_floor": -1}, r"profile.noise_floor"),
    "a million processes": (
        {"rows": [{"forward": {"ratios": [1.0] * 10**6}}]},
        r"profile.rows\[0\].forward.ratios",
    ),
    "a row twice": ({"rows": [{"input": "2x3"}] * 2}, r"'2x3 float32' is twice .*gam@reference"),
}


@pytest.mark.parametrize("what", UNREADABLE)
def test_a_profile_that_cannot_be_read_is_refused_and_says_where(what: str, tmp_path: Path) -> None:
    profile, place = UNREADABLE[what]
    (tmp_path / "r.json").write_bytes(raw_with(profile))
    with pytest.raises(UsageError, match=f"not a sound report: .*{place}"):
        read_report(tmp_path / "r.json")


def test_a_field_of_a_later_version_is_left_alone() -> None:
    found = decode(raw_with({"later": 1, "rows": [{"later": 1, "input": "2x3"}]}))
    assert found.subjects[0].profile == Profile(rows=[Row(input="2x3")])
