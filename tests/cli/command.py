"""Run the real command in a process of its own, as a shell would."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TINY = """
id = "tiny"
title = "A map of the same shape"
output = "B C H W"
[calls.map]
x = "B C H W"
[dims]
B = 2
C = 4
H = 5
W = 6
[domain]
C = "C >= 2"
[claims.constructs]
[claims.runs]
[claims.shape]
[claims.batch-independence]
"""
"""A spec whose few claims take no time; tests add subjects to it."""

FINE = """
from torch import nn
class Fine(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
    def forward(self, x):
        return self.conv(x)
class Pools(Fine):
    def forward(self, x):
        return self.conv(x).mean((2, 3), keepdim=True)
"""


def attncheck(
    *arguments: str, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run ``attncheck`` in a folder and return what it printed and its exit status."""
    clean = {
        name: value
        for name, value in os.environ.items()
        if name not in ("FORCE_COLOR", "NO_COLOR", "GITHUB_ACTIONS", "COLUMNS")
    }
    script = Path(sys.executable).parent / "attncheck"
    return subprocess.run(
        [str(script), *arguments],
        cwd=folder,
        env={**clean, "ATTNCHECK_HOME": str(folder / "home"), **environment},
        capture_output=True,
        text=True,
        timeout=300,
        stdin=subprocess.DEVNULL,
    )


def spec_with(folder: Path, subjects: dict[str, str]) -> Path:
    """Write the tiny spec with these subjects (name -> target) and return its file."""
    listed = "".join(f'[subjects.{name}]\ntarget = "{at}"\n' for name, at in subjects.items())
    path = folder / "tiny.toml"
    path.write_text(TINY + listed, encoding="utf-8")
    return path
