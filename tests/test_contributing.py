"""A mechanism is two files: those that CONTRIBUTING shows, and the commands that it gives."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import attncheck
from tests.readme import ROOT

THEIRS = '''
import torch
from torch import nn


class SRM(nn.Module):
    """As people write it."""

    def __init__(self, channel):
        super().__init__()
        self.cfc = nn.Parameter(torch.zeros(channel, 2))
        self.bn = nn.BatchNorm2d(channel)

    def forward(self, x):
        b, c, _, _ = x.size()
        mean = x.view(b, c, -1).mean(2, keepdim=True)
        std = self.deviation(x.view(b, c, -1))
        z = (torch.cat((mean, std), 2) * self.cfc[None]).sum(2)[..., None, None]
        return x * torch.sigmoid(self.bn(z)).expand_as(x)

    def deviation(self, t):
        return t.std(2, keepdim=True)
'''
AS_A_LAYER = """
import torch
from torch import nn


class SRM(nn.Module):
    def __init__(self, planes):
        super().__init__()
        self.cfc = nn.Conv1d(planes, planes, 2, groups=planes, bias=False)
        self.bn = nn.BatchNorm1d(planes)

    def forward(self, x):
        flat = x.flatten(2)
        z = self.cfc(torch.stack((flat.mean(-1), flat.std(-1)), -1))
        return x * self.bn(z).sigmoid().unsqueeze(-1)
"""
FAULTY = THEIRS.replace("t.std(2, keepdim=True)", "t.mean(2, keepdim=True)")


def section() -> str:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.partition("## Add a mechanism\n")[2].partition("\n## ")[0]


def block(language: str) -> str:
    (found,) = re.findall(rf"```{language}\n(.*?)```", section(), re.DOTALL)
    return str(found)


COMMANDS = [shlex.split(line, comments=True)[1:] for line in block("sh").splitlines()]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the two files, and nothing else."""
    made = tmp_path_factory.mktemp("added")
    (made / "srm.py").write_text(block("python"), encoding="utf-8")
    (made / "srm.toml").write_text(block("toml"), encoding="utf-8")
    return made


def run(folder: Path, number: int, *more: str) -> subprocess.CompletedProcess[str]:
    return attncheck(*COMMANDS[number], *more, folder=folder)


def test_two_files_are_explained(folder: Path) -> None:
    done = run(folder, 0)
    assert done.returncode == 0, done.stderr
    assert "Style-based recalibration" in done.stdout
    assert "g_c = sigmoid(BN(" in done.stdout


def test_their_reference_conforms(folder: Path) -> None:
    done = run(folder, 1)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"reference +conforms +\d+ claims hold", done.stdout)


def test_a_correct_module_conforms_to_two_files(folder: Path) -> None:
    (folder / "theirs.py").write_text(THEIRS, encoding="utf-8")
    done = run(folder, 2)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"SRM +conforms", done.stdout)
    assert "equal to" in done.stdout


def test_weights_may_stand_in_a_layer_where_the_definition_has_a_tensor(folder: Path) -> None:
    (folder / "theirs.py").write_text(AS_A_LAYER, encoding="utf-8")
    done = run(folder, 2, "--claim", "equivalence")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "equal to" in done.stdout


def test_a_faulty_module_violates_two_files(folder: Path) -> None:
    (folder / "theirs.py").write_text(FAULTY, encoding="utf-8")
    done = run(folder, 2, "--claim", "equivalence")
    assert done.returncode == 1, done.stdout + done.stderr
    assert re.search(r"SRM +violates", done.stdout)
    assert "sigma = mu where the definition has sigma = std(x)" in done.stdout
    assert "sigma = std_hw(x, o.unbiased)" in done.stdout, "the line of srm.py that it breaks"
