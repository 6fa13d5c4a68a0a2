"""What was not audited just now is not gated: old reports, baselines, failed audits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.cli.command import FINE, attncheck, spec_with

TINY = ("tiny.toml", "fine.py:Fine")
BASE = ("--baseline", "base.json")
DEFINITION = """
from helper import weight
from torch import nn

class Gate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x):
        return weight * self.conv(x)
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a module, its report, and the baseline made of that."""
    folder = tmp_path_factory.mktemp("stale")
    (folder / "fine.py").write_text(FINE, encoding="utf-8")
    spec_with(folder, {})
    done = attncheck("audit", *TINY, "-o", "report.json", folder=folder)
    assert done.returncode == 0, done.stderr
    done = attncheck("baseline", "report.json", "-o", "base.json", folder=folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(made, tmp_path / "project"))


def broken(folder: Path) -> None:
    text = (folder / "fine.py").read_text(encoding="utf-8")
    (folder / "fine.py").write_text(text.replace("(x)\n", "(x).mean(1)\n", 1), encoding="utf-8")


def test_one_command_audits_and_gates(folder: Path) -> None:
    done = attncheck("audit", *TINY, "-o", "report.json", *BASE, folder=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "gate  ✓ holds" in done.stdout
    broken(folder)
    done = attncheck("audit", *TINY, "-q", "-o", "report.json", *BASE, folder=folder)
    assert done.returncode == 1
    assert done.stdout.startswith("gate  ✗ regressed")
    done = attncheck("audit", *TINY, "--format", "json", *BASE, folder=folder)
    assert done.returncode == 1
    assert json.loads(done.stdout)["subjects"]
    assert "gate  ✗ regressed" in done.stderr


def test_the_gates_answer_is_the_exit_status(folder: Path) -> None:
    few = ("audit", *TINY, "--skip", "shape", *BASE)
    done = attncheck(*few, folder=folder)
    assert done.returncode == 3
    assert "the baseline decides this claim, the report does not mention it" in done.stdout
    assert attncheck(*few, "--strict", folder=folder).returncode == 1
    nobody = attncheck("audit", "tiny.toml", "fine.py:Gone", *BASE, folder=folder)
    assert nobody.returncode == 2
    assert "gate" not in nobody.stdout


def test_a_baseline_that_cannot_be_read_is_told_before_anything_is_audited(folder: Path) -> None:
    done = attncheck("audit", *TINY, "--baseline", "gone.json", folder=folder)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "gone.json" in done.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("audit", "tiny.toml", "fine.py:Gone"),
        ("audit", "tiny.toml", "gone.py:Fine"),
        ("audit", "nosuch", "fine.py:Fine"),
        ("audit", *TINY, "--baseline", "gone.json"),
        ("audit", *TINY, "-o", "no/such/folder.json"),
        ("profile", "nosuch"),
        ("report", "gone.json"),
        ("audit", *TINY, "--nosuch-option"),
        ("audit", *TINY, "--seed", "many"),
    ],
)
def test_a_run_that_writes_nothing_leaves_no_old_report(
    folder: Path, words: tuple[str, ...]
) -> None:
    before = (folder / "report.json").read_bytes()
    how = ("-oreport.json",) if "--seed" in words else ("-o", "report.json")
    done = attncheck(*words, *how, folder=folder)
    assert done.returncode == 2, done.stdout
    assert not (folder / "report.json").exists()
    assert (folder / "report.json.old").read_bytes() == before
    said = "attncheck: report.json was an earlier run's: it is report.json.old now"
    assert done.stderr.splitlines().count(said) == 1
    gated = attncheck("gate", "report.json", *BASE, folder=folder)
    assert gated.returncode == 2


def test_a_run_that_writes_keeps_nothing_and_says_nothing(folder: Path) -> None:
    done = attncheck("audit", *TINY, "-o", "report.json", folder=folder)
    assert done.returncode == 0
    assert not (folder / "report.json.old").exists()
    assert "earlier" not in done.stderr
    shown = attncheck("audit", "-o", "report.json", "--help", folder=folder)
    assert shown.returncode == 0
    assert (folder / "report.json").is_file()


def test_what_no_report_would_have_replaced_stays(folder: Path) -> None:
    """A mistyped -o must not move a source file or a baseline away."""
    for words in (("-o", "fine.py"), ("-o", "base.json", *BASE)):
        done = attncheck("audit", *TINY, *words, folder=folder)
        assert done.returncode == 2, done.stdout
        assert (folder / words[1]).is_file()
        assert not (folder / f"{words[1]}.old").exists()


def test_a_baseline_is_no_report(folder: Path) -> None:
    for name in ("base.json", "copy.json", "link.json"):
        if name == "copy.json":
            shutil.copy(folder / "base.json", folder / name)
        if name == "link.json":
            (folder / name).symlink_to("base.json")
        done = attncheck("gate", name, *BASE, folder=folder)
        assert done.returncode == 2, done.stdout
        assert "this is a baseline" in done.stderr
    same = attncheck("gate", "report.json", "--baseline", "./report.json", folder=folder)
    assert same.returncode == 2
    assert "the same file" in same.stderr


def test_two_equal_reports_of_two_audits_hold(folder: Path) -> None:
    for name in ("again.json", "report.json"):
        assert attncheck("audit", *TINY, "-o", name, folder=folder).returncode == 0
    assert (folder / "again.json").read_bytes() == (folder / "report.json").read_bytes()
    done = attncheck("gate", "again.json", "--baseline", "report.json", folder=folder)
    assert done.returncode == 0, done.stdout


def test_a_definition_changed_together_with_its_module_is_seen(folder: Path) -> None:
    """The spec, the subject and every number stay as they are."""
    spec = (folder / "tiny.toml").read_text(encoding="utf-8")
    listed = spec.replace(
        'output = "B C H W"', 'output = "B C H W"\nreference = "definition.py:Gate"'
    )
    (folder / "tiny.toml").write_text(listed, encoding="utf-8")
    (folder / "definition.py").write_text(DEFINITION, encoding="utf-8")
    (folder / "helper.py").write_text("weight = 1\n", encoding="utf-8")
    audit = ("audit", *TINY, "-o", "report.json")
    assert attncheck(*audit, folder=folder).returncode == 0
    done = attncheck("baseline", "report.json", "-o", "base.json", folder=folder)
    assert done.returncode == 0, done.stderr
    assert attncheck(*audit, *BASE, folder=folder).returncode == 0
    (folder / "helper.py").write_text("weight = 2\n", encoding="utf-8")
    done = attncheck(*audit, *BASE, folder=folder)
    assert done.returncode == 3, done.stdout
    assert "the definition that the spec names, or what it imports, has changed" in " ".join(
        done.stdout.split()
    )


def test_a_module_moved_deeper_is_another_file(folder: Path) -> None:
    (folder / "vendor").mkdir()
    shutil.move(folder / "fine.py", folder / "vendor" / "fine.py")
    done = attncheck("audit", "tiny.toml", "vendor/fine.py:Fine", *BASE, folder=folder)
    assert done.returncode == 3, done.stdout
    assert "another class or file than the baseline's" in " ".join(done.stdout.split())


def test_a_path_from_the_root_is_the_same_file(folder: Path) -> None:
    shutil.rmtree(folder / "home", ignore_errors=True)
    where = f"{folder / 'fine.py'}:Fine"
    done = attncheck("audit", "tiny.toml", where, *BASE, folder=folder)
    assert done.returncode == 0, done.stdout
