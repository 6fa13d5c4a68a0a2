"""Modules that attack, made from a sound squeeze-and-excitation and a wrong one."""

from __future__ import annotations

SE = """import torch
from torch import nn


class SE(nn.Module):
    def __init__(self, channels, reduction=16):
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Sequential(
            nn.Linear(channels, channels // reduction, bias=False),
            nn.ReLU(inplace=True),
            nn.Linear(channels // reduction, channels, bias=False),
            nn.Sigmoid(),
        )

    def forward(self, x):
        b, c, _, _ = x.shape
        y = self.fc(self.pool(x).view(b, c)).view(b, c, 1, 1)
        return x * y
"""
WRONG = SE.replace("nn.Sigmoid()", "nn.Tanh()")
"""Its gate is not in [0, 1]: whatever it does, it must not conform."""

SPEC = """id = "many"
title = "Many"
family = "map"
reference = "attncheck.reference.se:se"
summary = "many subjects"
[dims]
C = 32
r = 4
h = "C // r"
[domain]
C = "C >= r"
[options]
squeeze_bias = [true, false]
excite_bias = [true, false]
[claims.equivalence]
[claims.gate]
range = [0, 1]
constant_over = ["H", "W"]
"""


def in_forward(line: str, source: str = WRONG) -> str:
    """Put a line at the beginning of ``forward``."""
    head = "    def forward(self, x):\n"
    return source.replace(head, f"{head}        {line}\n")


def in_constructor(line: str, source: str = WRONG) -> str:
    """Put a line at the beginning of ``__init__``."""
    head = "        super().__init__()\n"
    return source.replace(head, f"{head}        {line}\n")


def spec_of(sources: dict[str, str]) -> dict[str, str]:
    """Return the files of one spec whose subjects are these modules: name -> source."""
    subjects = "".join(f'[subjects.{name}]\ntarget = "{name}.py:SE"\n' for name in sources)
    return {"many.toml": SPEC + subjects, **{f"{name}.py": sources[name] for name in sources}}
