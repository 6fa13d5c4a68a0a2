"""Ordinary things of torch and of Python that are easily refused."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import attncheck, spec_with

ODD = r"""
import torch
from torch import nn
class Lazy(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.LazyConv2d(channels, 1)
        self.norm = nn.LazyBatchNorm2d()
        self.last = nn.LazyLinear(channels)
    def forward(self, x):
        y = self.norm(self.conv(x))
        return self.last(y.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
class LazyPools(Lazy):
    def forward(self, x):
        return super().forward(x).mean((2, 3), keepdim=True)
class Surrogate(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)
    def forward(self, x):
        print("\udc80")
        raise ValueError("half a pair: \udc80 \ud83d")
Surrogate.__doc__ = "\udc80"
class Unbuilt(nn.Module):
    def __init__(self, channels):
        raise ValueError("half a pair: \udc80")
"""


def test_lazy_layers_and_half_surrogate_pairs_are_audited(tmp_path: Path) -> None:
    (tmp_path / "odd.py").write_text(ODD, encoding="utf-8")
    names = ("Lazy", "LazyPools", "Surrogate", "Unbuilt")
    spec = spec_with(tmp_path, {name: f"odd.py:{name}" for name in names})
    done = attncheck("audit", str(spec), "--format", "json", folder=tmp_path)
    assert done.returncode == 1, done.stderr
    found = {
        subject["subject"]: {f["claim"]: f for f in subject["findings"]}
        for subject in json.loads(done.stdout)["subjects"]
    }
    assert {f["status"] for f in found["Lazy"].values()} == {"holds"}
    assert found["LazyPools"]["shape"]["status"] == "violated"
    assert r"half a pair: \udc80 \ud83d" in found["Surrogate"]["runs"]["message"]
    assert r"half a pair: \udc80" in found["Unbuilt"]["constructs"]["message"]
