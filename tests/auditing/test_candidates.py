"""How definitions are looked at: the file runs once, and only likely ones are called."""

from __future__ import annotations

from pathlib import Path

from attncheck.auditing.candidates import Candidates
from attncheck.auditing.identified import identified
from attncheck.subject.prepare import Request

FILE = """
from pathlib import Path
from torch import nn

with open(Path(__file__).with_name("runs"), "a") as log:
    log.write("x")

class Gate(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.mix = nn.Conv2d(c, c, 1)
    def forward(self, x):
        return x * self.mix(x.mean((2, 3), keepdim=True)).sigmoid()
"""


def written(folder: Path) -> Request:
    path = folder / "gates.py"
    path.write_text(FILE)
    return Request("Nameless", f"{path}:Gate")


def test_the_file_runs_once_however_many_definitions_are_looked_at(tmp_path: Path) -> None:
    identified(written(tmp_path))
    assert (tmp_path / "runs").read_text() == "x"


def test_no_definition_is_looked_at_twice(tmp_path: Path) -> None:
    candidates = Candidates(written(tmp_path), "")
    looks = [*candidates.looks(trying=False), *candidates.looks(), *candidates.looks(others=True)]
    names = [look.spec.id for look in looks]
    assert names
    assert len(names) == len(set(names))
