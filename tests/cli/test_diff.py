"""``attncheck diff``: what became of a model, or of a file, from one version to another."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import attncheck

NETS = Path(__file__).parents[1] / "commands" / "diff" / "nets.py"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("diff")
    shutil.copy(NETS, folder)
    return folder


def line_of(text: str) -> int:
    """Return the first line of the networks that holds a text."""
    return next(n for n, line in enumerate(NETS.read_text().splitlines(), 1) if text in line)


def diffed(folder: Path, *words: str) -> tuple[int, str, dict[str, Any]]:
    """Return the exit status, the screen, and what the JSON holds."""
    run = attncheck("diff", *words, "-o", "d.json", folder=folder, COLUMNS="160")
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, run.stdout, json.loads((folder / "d.json").read_text())


def test_an_attention_put_in_moves_the_rest_and_loses_no_key(folder: Path) -> None:
    code, screen, found = diffed(folder, "nets.py:Detector()", "nets.py:Detector(attention=True)")
    assert code == 0
    (change,) = found["attention"]
    assert (change["kind"], change["places"]) == ("added", ["model.2"])
    assert (change["after"]["mechanism"], change["after"]["verdict"]) == ("se", "conforms")
    state = found["state"]
    assert [one["pattern"] for one in state["renamed"]] == ["model.N.* → model.N+1.*"]
    assert state["kept_elements"] + state["renamed_elements"] == state["elements"]
    assert len(state["new"]) == 4
    (part,) = found["parts"]
    assert part["place"] == "model.2"
    costs = {one["name"]: (one["before"], one["after"]) for one in found["costs"]}
    assert costs["parameters"][1] - costs["parameters"][0] == part["parameters"][1] == 148
    assert costs["MACs"][1] - costs["MACs"][0] == part["macs"][1]
    assert "nothing is worse" in screen


def test_an_attention_that_is_gone_is_worse(folder: Path) -> None:
    code, screen, found = diffed(
        folder,
        *("nets.py:Detector(attention=True)", "nets.py:Detector()", "--claim", "equivalence"),
    )
    assert code == 1
    assert found["worse"] == ["SqueezeExcite is gone: model.2"]
    assert "SqueezeExcite is gone: model.2" in screen


def test_where_the_wiring_breaks_is_the_layer_and_the_call_that_would_fit(folder: Path) -> None:
    code, screen, found = diffed(folder, "nets.py:Detector()", "nets.py:Detector(wide=True)")
    assert code == 1
    (broken,) = found["broken"]["after"]
    assert (broken["layer"], broken["name"]) == ("model.2.conv", "Conv2d")
    assert broken["giver"] == "model.1"
    assert "in_channels=16, and gets 24" in broken["what"]
    assert broken["line"].endswith(f"nets.py:{line_of('Conv(16, 16, 3)')}")
    assert broken["fits"] == "Conv(24, 16, 3)"
    assert next(one["key"] for one in found["state"]["reshaped"]) == "model.1.conv.weight"
    assert "Conv(24, 16, 3)" in screen


@pytest.mark.parametrize("broken_side", ["after", "before"])
def test_every_break_is_found_whichever_side_has_it(folder: Path, broken_side: str) -> None:
    sides = ["nets.py:Mixed()", "nets.py:Mixed(width=24)"]
    code, _, found = diffed(folder, *(sides if broken_side == "after" else sides[::-1]))
    assert code == (1 if broken_side == "after" else 0)
    assert list(found["broken"]) == [broken_side]
    assert [(one["layer"], one["fits"]) for one in found["broken"][broken_side]] == [
        ("norm", "nn.GroupNorm(4, 24)"),
        ("blocks.0.fc.0", "Block(dim=24)"),
    ]


def test_what_no_width_explains_is_the_line_that_raises(folder: Path) -> None:
    code, screen, found = diffed(folder, "nets.py:Added()", "nets.py:Added(width=24)")
    assert code == 1
    (broken,) = found["broken"]["after"]
    assert "must match the size" in broken["what"]
    assert broken["line"].endswith(f":{line_of('self.one(x) + self.two(x)')}")
    assert "return self.one(x) + self.two(x)" in screen


def test_an_output_in_another_order_of_memory_or_of_another_size_is_told(folder: Path) -> None:
    code, _, found = diffed(folder, "nets.py:Last()", "nets.py:Last(last=True)")
    (change,) = found["outputs"]
    assert change["place"] == "output"
    assert "(32768, 1, 512, 8)" in change["after"]
    assert code == 0
    _, _, found = diffed(folder, "nets.py:Last()", "nets.py:Last(step=2)", "--input", "1x3x8x8")
    assert {
        "place": "output",
        "before": "1×8×8×8, stride 1",
        "after": "1×8×4×4, stride 2",
    } in found["outputs"]
    assert found["before"]["inputs"] == ["1x3x8x8"]


def git(folder: Path, *words: str) -> str:
    """Run git with a name to commit under."""
    name = ("-c", "user.name=n", "-c", "user.email=n@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *name, *words], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A package whose gate was right in its only commit, and is wrong as it lies there."""
    (tmp_path / "pkg").mkdir()
    (tmp_path / "pkg" / "__init__.py").write_text("")
    text = NETS.read_text()
    (tmp_path / "pkg" / "nets.py").write_text(text)
    uses = "from pkg.nets import Detector\n\ndef net():\n    return Detector(attention=True)\n"
    (tmp_path / "use.py").write_text(uses)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "one")
    wrong = text.replace("F.relu(self.reduce(s))).sigmoid()", "F.relu(self.reduce(s))).softmax(1)")
    assert wrong != text
    (tmp_path / "pkg" / "nets.py").write_text(wrong)
    return tmp_path


@pytest.mark.parametrize("before", ["use.py@HEAD:net()", "use.py:net()@HEAD"])
def test_a_revision_is_as_it_was_with_all_that_it_imports(repository: Path, before: str) -> None:
    code, screen, found = diffed(repository, before, "use.py:net()", "--claim", "equivalence")
    assert code == 1
    (change,) = found["attention"]
    assert (change["before"]["verdict"], change["after"]["verdict"]) == ("conforms", "violates")
    assert "source" in change["what"]
    assert found["before"]["commit"] == git(repository, "rev-parse", "HEAD").strip()
    assert "SqueezeExcite conformed, and violates now: model.2" in screen
    assert "attncheck-revision" not in (repository / "d.json").read_text()
    assert git(repository, "status", "--short").splitlines() == [
        " M pkg/nets.py",
        "?? d.json",
        "?? home/",
    ]


def test_the_classes_of_a_folder_are_held_against_those_it_had(repository: Path) -> None:
    code, _, found = diffed(repository, "pkg@HEAD", "pkg", "--claim", "equivalence")
    assert code == 1
    (change,) = found["attention"]
    assert change["places"] == ["nets.py:SqueezeExcite"]
    assert {"verdict", "source"} <= set(change["what"])
    assert "state" not in found


GATE = NETS.read_text()[NETS.read_text().index("class SqueezeExcite") :].partition("\n\n\n")[0]
HEAD = "import torch.nn.functional as F\nfrom torch import nn\n\n\n"


def test_of_a_class_that_is_written_otherwise_the_keys_are_told(tmp_path: Path) -> None:
    (tmp_path / "old.py").write_text(HEAD + GATE)
    other = GATE.replace("class SqueezeExcite", "class Gate").replace("reduce", "squeeze")
    (tmp_path / "new.py").write_text(HEAD + other)
    words = ("old.py:SqueezeExcite", "new.py:Gate", "--claim", "equivalence", "--strict")
    code, screen, found = diffed(tmp_path, *words)
    (change,) = found["attention"]
    assert {"class", "source"} == set(change["what"])
    assert change["after"]["verdict"] == "conforms"
    assert [one["pattern"] for one in change["state"]["renamed"]] == ["reduce.* → squeeze.*"]
    assert found["worse"] == ["2 keys of the earlier checkpoint no longer load as they are"]
    assert code == 1
    assert "keys: 2 load, 2 renamed" in screen


def test_markdown_has_what_the_screen_has(folder: Path) -> None:
    run = attncheck(
        "diff", "nets.py:Last()", "nets.py:Last(step=2)", "--format", "markdown", folder=folder
    )
    assert run.returncode == 0
    assert "### Keys of the state dict" in run.stdout
    assert "| output | 2×8×64×64, stride 1 | 2×8×32×32, stride 2 |" in run.stdout


WRONG = {
    ("nets.py:Last()", "nets.py"): "held against a live model",
    ("nets.py:Last()", "nets.py:Nobody()"): "no 'Nobody'",
    ("nets.py:Last()", "nets.py:Last(1, 2, 3)"): "building it raises",
    ("nets.py", "gone.py"): "no such file",
    ("nets.py@HEAD", "nets.py"): "is in no git repository",
    ("nets.py", "nets.py", "--input", "1x3x8x8"): "name what builds both",
}


@pytest.mark.parametrize("words", WRONG, ids=" ".join)
def test_what_cannot_be_compared_is_said(folder: Path, words: tuple[str, ...]) -> None:
    run = attncheck("diff", *words, folder=folder)
    assert run.returncode == 2, run.stdout
    assert WRONG[words] in run.stderr


def test_a_revision_that_there_is_not_is_said(repository: Path) -> None:
    run = attncheck("diff", "use.py@nowhere:net()", "use.py:net()", folder=repository)
    assert run.returncode == 2
    assert "git knows no revision 'nowhere'" in run.stderr
