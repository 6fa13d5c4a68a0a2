"""``attncheck compare``: implementations side by side."""

import json
from pathlib import Path

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
    rows = json.loads(done.stdout)["rows"]
    assert [row["name"] for row in rows] == ["se@reference", "map@Squeeze", "cca@reference"]
    assert {row["shape"]["C"] for row in rows} == {64}
    squeeze, mine, criss_cross = rows
    assert squeeze["growth"] == "4,096"
    assert mine["macs"] == 2 * 64 * 64
    assert criss_cross["growth"] == "288·N^1.5 + 10,240·N"
    assert (criss_cross["reach"], criss_cross["positions"]) == (17, 77)
    assert all(row["held"] == row["claims"] for row in rows)


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
