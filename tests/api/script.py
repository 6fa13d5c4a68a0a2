"""Scripts that use attncheck as a person would: modules in their main module, no guard."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HEAD = """
import json
from dataclasses import dataclass
import attncheck
from torch import nn

@dataclass
class Config:
    dim: int
    heads: int

class Gate(nn.Module):
    def __init__(self, channels, gate_layer=nn.Sigmoid):
        super().__init__()
        self.channels = channels
        self.mix = nn.Conv2d(channels, channels, 1)
        self.gate = gate_layer()
    def forward(self, x):
        return x * self.gate(self.mix(x.mean((2, 3), keepdim=True)))

class Mixes(Gate):
    def forward(self, x):
        return super().forward(x).cumsum(0)  # over the batch

class Configured(nn.Module):
    def __init__(self, cfg):
        super().__init__()
        assert isinstance(cfg, Config)
        self.mix = nn.Conv2d(cfg.dim, cfg.dim, 1)
    def forward(self, x):
        return self.mix(x)

def one(thing, **more):
    report = attncheck.audit(thing, "tiny.toml", **more)
    assert not report.problems, report.problems
    (subject,) = report.subjects
    return subject

"""


def script(folder: Path, text: str, *, head: str = HEAD) -> subprocess.CompletedProcess[str]:
    """Run a script, without any guard of its main module."""
    (folder / "script.py").write_text(head + text, encoding="utf-8")
    return subprocess.run(
        [sys.executable, "script.py"],
        cwd=folder,
        env={**os.environ, "ATTNCHECK_HOME": str(folder / "home"), "COLUMNS": "100"},
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=300,
    )


def said(folder: Path, text: str, *, head: str = HEAD) -> str:
    done = script(folder, text, head=head)
    assert done.returncode == 0, done.stderr
    return done.stdout
