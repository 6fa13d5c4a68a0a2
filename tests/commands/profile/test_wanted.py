"""What a command line asks to be profiled, without running anything."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from attncheck.catalogue import load
from attncheck.cli.progress import remaining
from attncheck.commands.profile.opponent import check_out, split_revision
from attncheck.commands.profile.rows import exponent, judged
from attncheck.commands.profile.wanted import Measure, RowAsked, Wanted, shrunk
from attncheck.data.profile import Row
from attncheck.errors import TargetError, UsageError
from attncheck.formats.shared.charts import bar, chart


def test_points_are_all_that_was_asked_for() -> None:
    wanted = Wanted(sizes=[8, 16], batches=[1, 4], dtypes=["float32", "float16"], compile=True)
    rows = wanted.rows(load("se"))
    assert len(rows) == len(set(rows)) == 2 * 2 * 2 * 2


def test_a_stated_call_is_measured_as_it_is() -> None:
    assert Wanted(inputs=["1x32x9x9"]).rows(load("se")) == [RowAsked()]
    assert Wanted(dims={"H": 9, "W": 7, "B": 2}).rows(load("se")) == [RowAsked()]


def test_each_process_begins_with_another_row() -> None:
    measure = Measure(rows=[RowAsked(size=n) for n in (8, 16, 32)], backward=True)
    assert measure.time_steps(1)[:3] == ["r1:forward", "r1:backward", "r2:forward"]
    assert sorted(measure.time_steps(0)) == sorted(measure.time_steps(2))
    assert measure.time_steps(0, without={"r0", "r2"}) == ["r1:forward", "r1:backward"]
    assert measure.row("r2:backward") == (RowAsked(size=32), "backward")


@pytest.mark.parametrize(
    ("large", "small"),
    [
        ("8x256x64x64", "2x256x16x16"),
        ("1x512x97x97", "1x512x11x11"),
        ("2x32x56x28", "2x32x14x14"),
        ("4x4096x64", "2x16x64"),
        ("q=4x4096x64", "q=2x16x64"),
        ("mask=8x4096:pad-true", "mask=2x16:pad-true"),
        ("2x32x7x5", "2x32x7x5"),
    ],
)
def test_a_large_call_shrinks_to_a_small_one_of_its_kind(large: str, small: str) -> None:
    assert shrunk(large) == small


@pytest.mark.parametrize(
    ("ratios", "answer"),
    [
        ([0.8, 0.82, 0.79, 0.81, 0.8, 0.83], "faster"),
        ([1.2, 1.22, 1.19, 1.21, 1.2, 1.23], "slower"),
        ([0.98, 1.02, 1.0, 0.99, 1.01, 1.0, 1.03, 0.97], "undecided"),
        ([0.5, 0.5, 0.5], "undecided"),  # three pairs prove nothing
        ([], "undecided"),
    ],
)
def test_faster_needs_pairs_that_agree(ratios: list[float], answer: str) -> None:
    assert judged(Row(), "forward", ratios).answer == answer


def test_one_pair_that_was_disturbed_does_not_decide() -> None:
    assert judged(Row(), "forward", [0.8] * 9 + [3.0]).answer == "faster"
    assert judged(Row(), "forward", [1.0] * 5 + [0.2]).answer == "undecided"


def test_an_exponent_is_a_slope_on_log_axes() -> None:
    assert exponent([(8, 3 * 64.0), (16, 3 * 256.0), (32, 3 * 1024.0)]) == pytest.approx(2)
    assert exponent([(8, 1.0)]) is None


def test_bars_of_one_factor_are_equally_long() -> None:
    text = chart({"a": ([(8, 10.0), (16, 40.0)], str), "b": ([(8, 1.0), (16, 2.0)], str)})
    lines = {line.split()[0]: line.count("█") for line in text.splitlines() if "16" in line}
    counts = [line.count("█") for line in text.splitlines() if line.strip().startswith("16")]
    assert counts[0] == 2 * counts[1] == 40, lines
    assert bar(0.0, 40) == "▏"


def test_times_left_are_said_as_people_say_them() -> None:
    assert [remaining(s) for s in (42, 130, 7300)] == ["42 s left", "2 min left", "2 h 2 min left"]


def test_a_revision_is_read_off_the_path() -> None:
    assert split_revision("models/se.py@main~2:SE") == ("models/se.py:SE", "main~2")
    assert split_revision("models/se.py:SE") == ("models/se.py:SE", "")
    assert split_revision("package.module:SE") == ("package.module:SE", "")


def test_a_revision_is_taken_out_with_all_that_it_imports(tmp_path: Path) -> None:
    here, out = tmp_path / "project" / "models", tmp_path / "out"
    here.mkdir(parents=True)
    out.mkdir()
    git = ["git", "-C", str(here), "-c", "user.name=n", "-c", "user.email=e@x"]
    (here / "se.py").write_text("old")
    (here / "helper.py").write_text("helps")
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        subprocess.run([*git, *words], check=True)
    (here / "se.py").write_text("new")
    found = check_out("HEAD", here, out)
    assert (found / "se.py").read_text() == "old"
    assert (found / "helper.py").read_text() == "helps"
    with pytest.raises(TargetError, match="revision"):
        check_out("nosuch", here, out)


def test_a_precision_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="float33"):
        Wanted(dtypes=["float33"]).check()
