"""``attncheck count``: parameters and MACs at any size."""

import json
from pathlib import Path

from tests.cli.command import attncheck

NESTED = """
import torch
from torch import nn

class Inner(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1, bias=False)
        self.scale = nn.Parameter(torch.ones(c, 1, 1))

    def forward(self, x):
        return self.scale * self.fc(x)

class Outer(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.first = Inner(channels)
        self.again = self.first
        self.second = Inner(channels)

    def forward(self, x):
        x = self.second(self.again(self.first(x)))
        return x + torch.einsum("bchw,bdhw->bcd", x, x).mean()
"""


def counted(folder: Path, *words: str) -> dict:
    done = attncheck("count", *words, "--format", "json", folder=folder)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    (subject,) = report["subjects"]
    assert (report["schema"], subject["verdict"]) == ("attncheck.report/1", "counted")
    assert "findings" not in subject
    return subject["counts"]


def test_a_tree_adds_up(tmp_path: Path) -> None:
    (tmp_path / "nested.py").write_text(NESTED)
    found = counted(tmp_path, "nested.py:Outer", "--input", "1x8x4x4", "--init", "channels=8")
    tree = found["tree"]
    assert found["parameters"] == tree["parameters"] == 2 * (64 + 8)
    assert found["macs"] == tree["macs"] == 3 * 16 * 64 + 16 * 64
    assert tree["own_macs"] == 16 * 64
    first, second = tree["below"]
    assert (first["name"], first["macs"]) == ("first", 2 * 16 * 64)  # called twice
    assert (second["macs"], second["own_parameters"]) == (16 * 64, 8)


def test_sizes_that_no_memory_holds_are_counted_from_shapes(tmp_path: Path) -> None:
    found = counted(tmp_path, "pam", "--input", "64x512x512x512")
    assert found["device"] == "meta"
    pixels = 512 * 512
    assert found["macs"] == 64 * pixels * (2 * 512 * 64 + 512 * 512 + pixels * (64 + 512))


def test_every_spelling_counts_the_same_and_any_report_format_is_written(tmp_path: Path) -> None:
    (tmp_path / "nested.py").write_text(NESTED)
    size = ("--init", "channels=8", "--set", "C=8")
    apart = counted(tmp_path, "map", "nested.py:Outer", *size, "-o", "a.html", "-o", "a.md")
    assert counted(tmp_path, "map=nested.py:Outer", *size) == apart
    assert counted(tmp_path, "nested.py:Outer", *size) == apart
    for name in ("a.html", "a.md"):
        assert "no claim was tried" in (tmp_path / name).read_text(encoding="utf-8")


def test_what_cannot_be_counted_is_told(tmp_path: Path) -> None:
    (tmp_path / "raises.py").write_text(NESTED.replace("x = self.second", "x = x.nothing"))
    for words, told in (
        (["raises.py:Outer", "--input", "1x8x4x4", "--init", "channels=8"], "AttributeError"),
        (["se", "--device", "cuda"], "counts do not depend on 'cuda'"),
        (["nested.py:Outer"], "nested.py"),
    ):
        done = attncheck("count", *words, folder=tmp_path)
        assert done.returncode == 2
        assert told in done.stderr
        assert "Traceback" not in done.stderr
