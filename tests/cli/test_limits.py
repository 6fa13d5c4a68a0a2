"""Limits of use: told beside the verdict, and binding for who asks for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import attncheck

NARROW = '''
import torch

class Narrow(torch.nn.Module):
    """Squeeze and excitation that knows no other precision than float32 and float64."""

    def __init__(self, channels, reduction=4):
        super().__init__()
        self.down = torch.nn.Linear(channels, channels // reduction)
        self.up = torch.nn.Linear(channels // reduction, channels)

    def forward(self, x):
        if x.dtype in (torch.float16, torch.bfloat16):
            raise TypeError("no half precision")
        g = self.up(self.down(x.mean((2, 3))).relu()).sigmoid()
        return x * g[:, :, None, None]
'''
WORDS = ("audit", "se", "narrow.py:Narrow")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "narrow.py").write_text(NARROW)
    return tmp_path


def test_a_limit_stands_beside_the_verdict_and_does_not_change_it(folder: Path) -> None:
    done = attncheck(*WORDS, folder=folder)
    assert done.returncode == 0
    assert "not for: precision (line 14)" in done.stdout


def test_a_limit_binds_who_asks_for_it(folder: Path) -> None:
    done = attncheck(*WORDS, "--for", "precision", folder=folder)
    assert done.returncode == 1
    assert "no half precision" in done.stdout


def test_an_unknown_limit_is_refused_with_those_that_there_are(folder: Path) -> None:
    done = attncheck(*WORDS, "--for", "halves", folder=folder)
    assert done.returncode == 2
    assert "half-precision" in done.stderr
