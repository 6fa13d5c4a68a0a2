"""What a file imports in vain is stood in for, and whoever needs it is told so."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path

import pytest

from attncheck.errors import TargetError
from attncheck.signature.absent import AbsentError
from attncheck.signature.resolve import loaded_without, resolve

NET = "class Net(nn.Module):\n    number = 3\n"


@pytest.fixture(autouse=True)
def path_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is loaded leaves its folder, or the one above, where Python looks."""
    monkeypatch.setattr(sys, "path", [*sys.path])


def loaded(folder: Path, text: str, name: str = "Net") -> type:
    folder.joinpath("file.py").write_text(f"from torch import nn\n{text}", encoding="utf-8")
    return resolve(f"{folder}/file.py:{name}")  # type: ignore[return-value]


def test_a_class_that_needs_nothing_of_it_is_there(tmp_path: Path) -> None:
    net = loaded(
        tmp_path, "import gone.far as far\nfrom ..up import x\nclass Net(nn.Module): pass\n"
    )
    assert net()
    assert loaded_without(net) == [
        "loaded without what cannot be imported here, and of which nothing is used: gone.far, ..up"
    ]
    assert importlib.util.find_spec("gone") is None


@pytest.mark.parametrize(
    "needs",
    [
        "class Net(gone.Base): pass",
        "@gone.registered\nclass Net(nn.Module): pass",
        "class Net(nn.Module):\n    def __init__(self): gone.layer(3)",
        "made = gone.layer(3)\nclass Net(nn.Module):\n    def __init__(self): made(4)",
        "class Net(nn.Module):\n    def __init__(self): first, second = gone.pair",
    ],
)
def test_a_class_that_needs_it_says_what(tmp_path: Path, needs: str) -> None:
    with pytest.raises(TargetError, match="'gone'"):
        loaded(tmp_path, f"import gone\n{needs}\n")()


def test_who_asks_whether_it_is_there_hears_that_it_is_not(tmp_path: Path) -> None:
    net = loaded(
        tmp_path,
        "import other_gone\ntry:\n    import gone\n    THERE = True\nexcept ImportError:\n"
        "    THERE = False\nclass Net(nn.Module):\n    there = THERE\n",
    )
    assert vars(net)["there"] is False


def test_an_installed_module_keeps_what_it_has(tmp_path: Path) -> None:
    net = loaded(
        tmp_path, "from math import pi, tau_of_pi\nclass Net(nn.Module):\n    angle = pi\n"
    )
    assert 3 < vars(net)["angle"] < 4
    with pytest.raises(AbsentError, match="'math'"):
        loaded(tmp_path, "from math import tau_of_pi as t\nclass Net(t): pass\n")


def test_a_module_beside_it_that_cannot_be_loaded_is_not_needed_either(tmp_path: Path) -> None:
    tmp_path.joinpath("beside_broken.py").write_text("1 / 0\n", encoding="utf-8")
    assert loaded(tmp_path, "import beside_broken\nclass Net(nn.Module): pass\n")()


@pytest.mark.parametrize("text", ["from gone import *", "import gone\nx = gone.number + 1"])
def test_what_nobody_can_stand_in_for_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(TargetError, match="needs 'gone', which is not installed"):
        loaded(tmp_path, f"{text}\nclass Net(nn.Module): pass\n")


def test_what_a_file_installs_as_it_is_imported_is_looked_for_nowhere(tmp_path: Path) -> None:
    net = loaded(tmp_path, f"import os\n{NET}    told = os.environ.get('PIP_NO_INDEX')\n")
    assert vars(net)["told"] == "1"
    assert "PIP_NO_INDEX" not in os.environ
