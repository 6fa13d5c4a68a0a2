"""A second scan does what changed, and takes the rest from the first; a cut one is resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.cli.command import attncheck

GATE = """
import os
from torch import nn
from {helper} import squash
with open(os.path.join(os.path.dirname(__file__), "{name}.log"), "a") as log:
    log.write("run ")
class {name}(nn.Module):
    def __init__(self, channels, reduction=4):
        super().__init__()
        self.down = nn.Conv2d(channels, channels // reduction, 1)
        self.up = nn.Conv2d(channels // reduction, channels, 1)
    def forward(self, x):
        g = self.up(self.down(x.mean((2, 3), keepdim=True)).relu())
        return x * squash(g).sigmoid()
"""
READS = """
import pathlib
try:
    from faster import squash
except ImportError:
    def squash(g):
        return g
(pathlib.Path(__file__).parent / "net.yaml").read_text()
"""
HANGS = """
import time
from torch import nn
class ECA(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1)
    def forward(self, x):
        time.sleep(1000)
        return x * self.conv(x.mean((2, 3))[:, None]).sigmoid().mT[..., None]
"""
WORDS = ("scan", "project", "--claim", "runs", "-o", "s.json")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    project = folder / "project"
    project.mkdir()
    (project / "one.py").write_text(GATE.format(name="SELayer", helper="plain"))
    (project / "two.py").write_text(GATE.format(name="SEBlock", helper="reads"))
    (project / "plain.py").write_text("def squash(g):\n    return g\n")
    (project / "reads.py").write_text(READS)
    (project / "net.yaml").write_text("depth: 1\n")
    return folder


def runs(folder: Path, *more: str) -> tuple[bool, bool]:
    """Scan, and return whether the first and the second module were run."""
    before = {path: path.stat().st_size for path in folder.rglob("*.log")}
    scanned = attncheck(*WORDS, *more, folder=folder)
    assert scanned.returncode == 0, scanned.stdout + scanned.stderr
    assert len(json.loads((folder / "s.json").read_text())["subjects"]) == 2
    logs = [folder / "project" / f"{name}.log" for name in ("SELayer", "SEBlock")]
    return logs[0].stat().st_size > before.get(logs[0], 0), logs[1].stat().st_size > before.get(
        logs[1], 0
    )


def edit(path: Path, text: str) -> None:
    path.write_text(text)
    assert path.exists()


def test_only_what_changed_is_done_again(folder: Path) -> None:
    assert runs(folder) == (True, True)
    first = json.loads((folder / "s.json").read_text())
    assert runs(folder) == (False, False)
    assert json.loads((folder / "s.json").read_text()) == first
    project = folder / "project"
    edit(project / "plain.py", "def squash(g):\n    return 1 * g\n")
    assert runs(folder) == (True, False)
    edit(project / "net.yaml", "depth: 2\n")
    assert runs(folder) == (False, True)
    edit(project / "faster.py", "def squash(g):\n    return g + 0\n")
    assert runs(folder) == (False, True)
    assert runs(folder) == (False, False)
    assert runs(folder, "--seed", "7") == (True, True)


def test_without_the_cache_all_is_done_and_nothing_is_kept(folder: Path) -> None:
    runs(folder)
    kept = sorted((folder / "home" / "results").iterdir())
    assert runs(folder, "--no-cache") == (True, True)
    assert sorted((folder / "home" / "results").iterdir()) == kept


def test_what_was_cut_short_is_tried_again_unless_the_scan_is_resumed(tmp_path: Path) -> None:
    (tmp_path / "hangs.py").write_text(HANGS)
    words = ("scan", "hangs.py", "--claim", "runs", "--timeout", "3", "--format", "json")
    first = attncheck(*words, folder=tmp_path)
    assert "no answer in 3 s" in first.stdout
    resumed = attncheck(*words[:-1], "json", "--resume", folder=tmp_path)
    assert resumed.stdout == first.stdout
    for entry in (tmp_path / "home" / "results").iterdir():
        assert not json.loads(entry.read_text())["whole"]
        entry.write_text(entry.read_text().replace("no answer in 3 s", "no answer in 4 s"))
    assert "4 s" in attncheck(*words, "--resume", folder=tmp_path).stdout
    assert "4 s" not in attncheck(*words, folder=tmp_path).stdout


def test_what_a_killed_scan_had_finished_is_not_done_again(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(GATE.format(name="SELayer", helper="plain"))
    (tmp_path / "plain.py").write_text("def squash(g):\n    return g\n")
    (tmp_path / "two.py").write_text(HANGS)
    words = ["scan", ".", "--claim", "runs", "--jobs", "1", "--timeout", "200"]
    script = Path(sys.executable).parent / "attncheck"
    home = tmp_path / "home"
    cut = subprocess.Popen(
        [str(script), *words],
        cwd=tmp_path,
        env={**os.environ, "ATTNCHECK_HOME": str(home)},
        stdout=subprocess.DEVNULL,
    )
    try:
        while not list(home.glob("results/*.json")):
            assert cut.poll() is None
            time.sleep(0.05)
    finally:
        cut.send_signal(signal.SIGKILL)
        cut.wait()
    log = (tmp_path / "SELayer.log").read_text()
    (tmp_path / "two.py").write_text(HANGS.replace("1000", "0"))
    again = attncheck(*words, folder=tmp_path)
    assert again.returncode == 0, again.stdout + again.stderr
    assert (tmp_path / "SELayer.log").read_text() == log


def test_a_cache_that_cannot_be_read_or_written_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "one.py").write_text(GATE.format(name="SELayer", helper="plain"))
    (tmp_path / "plain.py").write_text("def squash(g):\n    return g\n")
    attncheck("scan", "one.py", "--claim", "runs", folder=tmp_path)
    entries = list((tmp_path / "home" / "results").iterdir())
    for content in (b"", b"{}", b"\xff", entries[0].read_bytes()[:-9]):
        for entry in entries:
            entry.write_bytes(content)
        run = attncheck("scan", "one.py", "--claim", "runs", folder=tmp_path)
        assert (run.returncode, run.stderr) == (0, "")
    (tmp_path / "file").write_text("")
    words = ("scan", "one.py", "--claim", "runs")
    run = attncheck(*words, folder=tmp_path, ATTNCHECK_HOME=str(tmp_path / "file"))
    assert (run.returncode, run.stderr) == (0, "")


def test_resuming_without_the_cache_is_a_mistake_of_usage(tmp_path: Path) -> None:
    run = attncheck("scan", ".", "--no-cache", "--resume", folder=tmp_path)
    assert run.returncode == 2
    assert "give one of them" in run.stderr
