"""attncheck.scan: what is at hand is looked through like what a command line names."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import attncheck
from tests.api.script import said

NETS = Path(__file__).parents[1] / "commands" / "scan" / "live" / "nets.py"
HEAD = """
import attncheck, nets, torch
from torch import nn

def told(*places, **options):
    report = attncheck.scan(*places, claims=["runs", "equivalence"], **options)
    groups = [
        (group.name, len(group.places), group.mechanism, group.known)
        for group in report.scan.groups
    ]
    print(report.verdict.value, groups)

class SE(nn.Module):
    def __init__(self, c, r=4):
        super().__init__()
        self.a, self.b = nn.Linear(c, c // r), nn.Linear(c // r, c)
    def forward(self, x):
        return x * self.b(self.a(x.mean((2, 3))).relu()).sigmoid()[..., None, None]

class Turned(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(16, 16) for _ in range(4))
    def forward(self, x, spin, attn_mask):
        cos, sin = spin
        q, k, v = (f(x).unflatten(-1, (2, 8)).transpose(1, 2) for f in (self.q, self.k, self.v))
        q, k = (t * cos + torch.cat((-t[..., 4:], t[..., :4]), -1) * sin for t in (q, k))
        s = (q @ k.mT / 8**0.5 + attn_mask).softmax(-1)
        return self.o((s @ v).transpose(1, 2).flatten(2))

class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = Turned()
    def forward(self, x):
        n = x.shape[1]
        a = torch.arange(n)[:, None] * 10000.0 ** -(torch.arange(4) / 4)
        a = torch.cat((a, a), -1)
        hidden = torch.full((1, 1, n, n), -torch.inf).triu(1)
        return self.layer(x, (a.cos(), a.sin()), attn_mask=hidden)

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem, self.gate = nn.Conv2d(3, 16, 3), SE(16)
    def forward(self, x):
        return self.gate(self.stem(x))
"""
ONE = "[('SE', 1, 'se', 'proven')]"
WAYS = {
    "an instance": ("told(Net())", f"conforms {ONE}"),
    "a wrapped instance": ("told(nn.DataParallel(Net()))", f"conforms {ONE}"),
    "a class that no file holds": ("told(SE)", "conforms [('SE', 0, 'se', 'proven')]"),
    "a factory that no child imports": ("told(lambda: Net())", f"conforms {ONE}"),
    "an instance with a stated call": (
        "told(nets.Fused(), inputs=[(2, 9, 3)])",
        "conforms [('Mixer', 1, 'mha', 'proven')]",
    ),
    "an instance that hands a table and a mask to its layer": (
        "told(Decoder(), inputs=[(2, 9, 16)])",
        "conforms [('Turned', 1, 'rope', 'proven')]",
    ),
    "a faulty instance": (
        "told(nets.ViT(scale=False))",
        "violates [('MultiHeadAttention', 2, 'mha', 'departs')]",
    ),
    "a function of a module, and a text": (
        "told(nets.broken, 'nets.py:TorchEncoder()', cache=False)",
        "undecided [('MultiheadAttention', 1, 'mha', 'proven')]",
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scan")
    shutil.copy(NETS, folder)
    return folder


@pytest.mark.parametrize("way", WAYS)
def test_what_is_at_hand_is_scanned(folder: Path, way: str) -> None:
    line, expected = WAYS[way]
    assert said(folder, f"if __name__ == '__main__':\n    {line}\n", head=HEAD).strip() == expected


def test_what_makes_no_module_is_told() -> None:
    with pytest.raises(attncheck.TargetError, match="makes no module"):
        attncheck.scan(7)
