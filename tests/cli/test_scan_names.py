"""A module whose name says another mechanism than it computes: a finding of its own in a scan."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import attncheck

GATES = """
import torch
from torch import nn

class SimAM(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.a, self.b = nn.Linear(channels, channels // 4), nn.Linear(channels // 4, channels)
    def forward(self, x):
        s = self.b(torch.relu(self.a(x.mean((2, 3)))))
        return x * s.sigmoid()[:, :, None, None]

class GCT(nn.Module):  # the Gaussian one, its variance as it overflows
    def __init__(self, channels):
        super().__init__()
    def forward(self, x):
        y = x.mean((2, 3), keepdim=True)
        mean = y.mean(1, keepdim=True)
        var = (y ** 2).mean(1, keepdim=True) - mean ** 2
        return x * torch.exp(-((y - mean) / torch.sqrt(var + 1e-5)) ** 2)

class GatherExcite(SimAM):  # of which squeeze-and-excitation is a case
    pass

class MultiHeadAttention(nn.Module):  # the name of all that have heads
    def __init__(self, dim, num_heads=2):
        super().__init__()
        self.h, self.qkv, self.out = num_heads, nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
    def forward(self, x):
        q, k, v = self.qkv(x).unflatten(-1, (3, self.h, -1)).permute(2, 0, 3, 1, 4)
        s = q @ k.mT / q.shape[-1] ** 0.5
        later = torch.ones(s.shape[-2:], dtype=torch.bool).triu(1)
        y = s.masked_fill(later, -torch.inf).softmax(-1) @ v
        return self.out(y.transpose(1, 2).flatten(2))

class ECALayer(SimAM):  # faulty, and nothing else's: a tanh gate
    def forward(self, x):
        return x * self.b(self.a(x.mean((2, 3)))).tanh()[:, :, None, None]
"""


def test_what_a_module_computes_is_audited_and_its_name_told(tmp_path: Path) -> None:
    (tmp_path / "gates.py").write_text(GATES)
    run = attncheck("scan", "gates.py", "-o", "s.json", folder=tmp_path, COLUMNS="200")
    report = json.loads((tmp_path / "s.json").read_text())
    found = {group["name"]: group for group in report["scan"]["groups"]}
    said = {name: (g.get("named", ""), g["mechanism"], g["known"]) for name, g in found.items()}
    assert said["SimAM"] == ("simam", "se", "proven")
    assert said["GCT"] == ("", "gaussian-context", "proven")  # its initials are these, too
    assert said["GatherExcite"][0] == ""
    assert said["MultiHeadAttention"] == ("", "causal", "proven")
    assert said["ECALayer"][:2] == ("", "eca")

    se = report["subjects"][found["SimAM"]["subject"]]
    assert (se["spec"], se["verdict"]) == ("se", "undecided")
    (told,) = [one for one in se["findings"] if one["status"] == "undecided"]
    assert (told["claim"], told["expected"], told["seen"]) == ("name", "simam", "se")
    assert told["reproduce"] == "attncheck audit simam gates.py:SimAM"
    line = next(line for line in run.stdout.splitlines() if "SimAM" in line)
    assert "its name says simam, and it computes se: which is meant?" in line

    gct = report["subjects"][found["GCT"]["subject"]]
    assert (gct["spec"], gct["verdict"]) == ("gaussian-context", "violates")
    line = next(line for line in run.stdout.splitlines() if " GCT " in line)
    assert "its name says" not in line
    assert run.returncode == 1


def test_a_name_that_says_otherwise_alone_is_no_pass(tmp_path: Path) -> None:
    head, _, rest = GATES.partition("class GCT")
    (tmp_path / "gates.py").write_text(head)
    assert rest
    run = attncheck("scan", "gates.py", folder=tmp_path)
    assert run.returncode == 3, run.stdout + run.stderr
