"""Whatever a refusal tells people to type works when it is typed."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import attncheck

MODULES = """
import torch
from dataclasses import dataclass
from torch import nn

class Flavoured(nn.Module):
    def __init__(self, channels, flavour):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
        self.flavour = flavour + 0
    def forward(self, x):
        return self.conv(x)

class OnTokens(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.fc = nn.Linear(dim, dim)
    def forward(self, x):
        b, n, c = x.shape
        return self.fc(x)

class Raises(OnTokens):
    def __init__(self, dim, act: nn.Module):
        super().__init__(dim)
        self.act = act
    def forward(self, x):
        raise RuntimeError("never works")

class NeedsMask(OnTokens):
    def forward(self, x, mask):
        return self.fc(x) * (1 + 0 * mask.sum())

class Pair(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.fc = nn.Linear(channels, channels)
    def forward(self, x, style):
        return x * self.fc(style)[:, :, None, None]

class Core(nn.Module):
    def forward(self, q, k, v):
        b, h, n, d = q.shape
        return (q @ k.transpose(-1, -2) / d**0.5).softmax(-1) @ v

@dataclass
class Config:
    n_embd: int = 48
    flavour: str = "none"

class Configured(nn.Module):
    def __init__(self, config: Config):
        super().__init__()
        self.fc = nn.Linear(config.n_embd, config.n_embd)
    def forward(self, x):
        assert x.shape[1] == 999, "another length"
        return self.fc(x)
"""

REFUSED = [
    ("map", "Flavoured"),
    ("se", "OnTokens"),
    ("mha", "Raises"),
    ("tokens", "NeedsMask"),
    ("map", "Pair"),
    ("tokens", "Configured"),
    ("mha", "Core"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hints")
    (folder / "modules.py").write_text(MODULES, encoding="utf-8")
    return folder


def audited(folder: Path, words: list[str]) -> subprocess.CompletedProcess[str]:
    return attncheck("audit", *words, "--format", "json", "--claim", "runs", folder=folder)


def typed(told: str, spec: str, name: str) -> list[str]:
    """Return the words that a refusal says: a whole command, or options for the one typed."""
    if whole := re.search(r"attncheck audit (.+)$", told, re.MULTILINE):
        return shlex.split(whole[1])
    options = re.search(r"((?:--(?:init|input) \S+ ?)+)(?:\(|$)", told.split("runs with")[-1])
    assert options is not None, told
    return [spec, f"modules.py:{name}", *shlex.split(options[1])]


@pytest.mark.parametrize(("spec", "name"), REFUSED)
def test_what_a_refusal_tells_to_type_works(folder: Path, spec: str, name: str) -> None:
    first = audited(folder, [spec, f"modules.py:{name}"])
    assert first.returncode == 2, first.stdout
    second = audited(folder, typed(first.stderr, spec, name))
    assert second.returncode in (0, 1), second.stderr


def test_what_only_guesses_make_fail_is_no_fault_and_what_is_stated_is(folder: Path) -> None:
    assert audited(folder, ["mha", "modules.py:Raises"]).returncode == 2
    stated = ["--init", "dim=48", "--init", "act=nn.ReLU()", "--input", "2x7x48"]
    assert audited(folder, ["mha", "modules.py:Raises", *stated]).returncode == 1
