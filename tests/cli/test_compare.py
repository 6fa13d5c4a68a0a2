"""``attncheck compare``: implementations side by side."""

from pathlib import Path

from attncheck.commands.compare import compared, page_of
from attncheck.data.report import decode, name_of
from tests.cli.command import attncheck

SQUEEZE = """
from torch import nn

class Squeeze(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc = nn.Linear(channels, channels)

    def forward(self, x):
        return x * self.fc(x.mean((2, 3))).sigmoid()[..., None, None]
"""


def test_all_stand_at_one_shape_and_are_sorted(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SQUEEZE)
    done = attncheck(
        "compare", "cca", "se", "map=mine.py:Squeeze", "--set", "C=64", "--sort", "macs",
        "--format", "json", "-q", folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    report = decode(done.stdout.encode())
    assert [name_of(one) for one in report.subjects] == [
        "se@reference", "map@Squeeze", "cca@reference",
    ]  # fmt: skip
    assert {one.dims["C"] for one in report.subjects} == {64}
    squeeze, mine, criss_cross = map(compared, report.subjects)
    assert squeeze.growth == "4,096"
    assert mine.macs == 2 * 64 * 64
    assert criss_cross.growth == "288·N^1.5 + 10,240·N"
    assert (criss_cross.reach, criss_cross.positions) == (17, 77)
    assert all(row.held == row.claims for row in (squeeze, mine, criss_cross))


def test_limits_of_use_are_compared(tmp_path: Path) -> None:
    reads = SQUEEZE.replace("self.fc(x.mean((2, 3)))", "(x.mean((2, 3)) @ self.fc.weight)")
    (tmp_path / "mine.py").write_text(reads)
    done = attncheck(
        "compare", "se", "map=mine.py:Squeeze", "--limits", "int8", "--format", "json", "-q",
        folder=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    squeeze, mine = map(compared, decode(done.stdout.encode()).subjects)
    assert squeeze.limits == ()
    assert mine.limits == ("int8",)
    assert "map@Squeeze is not for: int8" in str(page_of(decode(done.stdout.encode())))


def test_what_cannot_be_compared_is_told(tmp_path: Path) -> None:
    for words, told in (
        (["se"], "name two or more"),
        (["se", "eca", "--sort", "mac"], "did you mean 'macs'?"),
        (["se", "ecaa"], "unknown spec 'ecaa'"),
        (["se", "nowhere.py:A"], "nowhere.py:A is held against se"),
        (["se", "cca", "nowhere.py:A"], "write se=nowhere.py:A or cca=nowhere.py:A or map="),
    ):
        done = attncheck("compare", *words, folder=tmp_path)
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr


def test_a_stated_call_compares_any_modules_by_cost_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(SQUEEZE + "\n\nclass Twice(Squeeze):\n    pass\n")
    words = ["mine.py:Squeeze", "mine.py:Twice(16)", "--input", "2x16x5x5"]
    done = attncheck("compare", *words, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    rows = [line.split()[:2] for line in done.stdout.splitlines() if "counted" in line]
    assert rows == [["Squeeze", "counted"], ["Twice(16)", "counted"]]
    assert "one call at 2x16x5x5" in done.stdout
    assert "+0" in done.stdout
