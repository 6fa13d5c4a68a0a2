"""What cannot be imported, built or bound: one clear message, exit 2, the others whole."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import FINE, TINY, attncheck, spec_with

FILES = {
    "fine.py": FINE,
    "hangs.py": "while True: pass\n",
    "raises.py": "raise ValueError('not today')\n",
    "exits.py": "import sys\nsys.exit(4)\n",
    "leaves.py": "import os\nos._exit(4)\n",
    "needs.py": "import not_installed_anywhere as n\n" + FINE + "class Needs(Fine):\n"
    "    def __init__(self, channels):\n        super().__init__(channels)\n        n.layer()\n",
    "spares.py": "import not_installed_anywhere.deep\nfrom .gone import Base, drawn\n"
    + FINE
    + "@drawn(number=3)\ndef draw(model: Base | None): pass\nclass Drawn(Base): pass\n",
    "broken.py": "def f(:\n",
    "plain.py": "class Plain:\n    def __init__(self, channels): pass\nnumber = 3\n",
    "unbound.py": FINE + "class Unbound(Fine):\n"
    "    def __init__(self, channels, flavour): super().__init__(channels)\n",
    "random.py": FINE,
    "torch.py": "raise RuntimeError('the wrong torch')\n",
    "lib/blocks.py": FINE,
    "lib/__init__.py": "",
    "lib/deep/__init__.py": "",
    "lib/deep/mine.py": "from ..blocks import Fine\nclass Mine(Fine): pass\n",
}

REFUSED = {
    "hanging": ("hangs.py:Fine", "importing it hangs: no answer in 6 s", "--timeout"),
    "raising": ("raises.py:Fine", "importing it raises ValueError: not today", ""),
    "exiting": ("exits.py:Fine", "importing it exits (code 4)", ""),
    "leaving": ("leaves.py:Fine", "importing it ends the process (exit status 4)", ""),
    "needing": ("needs.py:Needs", "needs 'not_installed_anywhere', which cannot be", ""),
    "broken": ("broken.py:Fine", "importing it raises SyntaxError", ""),
    "no-file": ("fin.py:Fine", "no such file", "did you mean 'fine.py'?"),
    "no-class": ("fine.py:Fin", "no 'Fin' in fine.py", "did you mean 'Fine'?"),
    "elsewhere": ("lib:Mine", "no 'Mine' in lib", "write lib.deep.mine:Mine"),
    "no-module": ("plain.py:Plain", "no torch.nn.Module", "name a subclass"),
    "no-callable": ("plain.py:number", "'number' is a int, not a class", ""),
    "unbound": ("unbound.py:Unbound", "parameter 'flavour'", "add: --init flavour=VALUE"),
    "no-package": ("no_such_package.part:Fine", "no module named 'no_such_package'", "path/to"),
}

WORKING = {
    "fine": "fine.py:Fine",
    "stdlib-name": "random.py:Fine",
    "relative-imports": "lib/deep/mine.py:Mine",
    "dotted": "lib.deep.mine:Mine",
    "sparing": "spares.py:Fine",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("targets")
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def audited(folder: Path) -> subprocess.CompletedProcess[str]:
    """Audit all of them with one command, from the folder that holds a torch.py."""
    targets = {**WORKING, **{name: entry[0] for name, entry in REFUSED.items()}}
    spec = spec_with(folder, targets)
    return attncheck(
        *("audit", spec.name, "--timeout", "6", "--format", "json", "--jobs", "4"), folder=folder
    )


def test_the_exit_status_says_that_not_all_was_done(
    audited: subprocess.CompletedProcess[str],
) -> None:
    assert audited.returncode == 2
    assert "Traceback" not in audited.stderr


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_target_says_what_was_wrong_and_what_to_type(
    audited: subprocess.CompletedProcess[str], name: str
) -> None:
    _, what, instead = REFUSED[name]
    problems = {one["subject"]: one for one in json.loads(audited.stdout)["problems"]}
    assert what in problems[name]["what"]
    assert instead in problems[name].get("instead", "")
    assert what in audited.stderr


@pytest.mark.parametrize("name", WORKING)
def test_the_other_subjects_are_whole(audited: subprocess.CompletedProcess[str], name: str) -> None:
    subjects = {one["subject"]: one for one in json.loads(audited.stdout)["subjects"]}
    assert set(subjects) == set(WORKING)
    assert subjects[name]["verdict"] == "conforms"
    assert len(subjects[name]["findings"]) == 4


def test_what_was_stood_in_for_is_told(audited: subprocess.CompletedProcess[str]) -> None:
    subjects = {one["subject"]: one for one in json.loads(audited.stdout)["subjects"]}
    notes = " ".join(subjects["sparing"]["notes"])
    assert "cannot be imported here, and of which nothing is used: not_installed_anywhere" in notes
    assert "gone" in notes
    assert "loaded without" not in " ".join(subjects["fine"]["notes"])


def test_arguments_are_bound_by_init_and_dims_by_set(folder: Path) -> None:
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    done = attncheck(
        *("audit", "tiny.toml", "unbound.py:Unbound", "--format", "json", "--set", "C=6"),
        *("--init", "flavour=(1, 'a')", "--claim", "shape", "-o", "out.json", "--dtype", "float32"),
        folder=folder,
    )
    assert done.returncode == 0, done.stderr
    assert (folder / "out.json").read_text(encoding="utf-8") == done.stdout
    (subject,) = json.loads(done.stdout)["subjects"]
    assert [finding["claim"] for finding in subject["findings"]] == ["shape"]
    assert subject["dims"]["C"] == 6
    assert "flavour=(1, 'a')" in " ".join(subject["notes"])
    assert "tried in float32: as asked" in subject["notes"]


def test_a_device_that_is_not_there_is_refused(folder: Path) -> None:
    (folder / "tiny.toml").write_text(TINY, encoding="utf-8")
    done = attncheck("audit", "tiny.toml", "fine.py:Fine", "--device", "mps:7", folder=folder)
    assert done.returncode == 2
    assert "mps:7" in done.stderr
    assert "this machine has: cpu" in done.stderr
    assert done.stdout == ""
