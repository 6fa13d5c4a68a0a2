"""The call that gave a layer its width, and the same call with one that fits."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from torch import nn

from attncheck.commands.diff.wiring import Sites, made_at
from attncheck.signature.resolve import resolve
from attncheck.source.constructed import written_with

SOURCE = """
from torch import nn
import torch.nn as layers

class Conv(nn.Conv2d):
    def __init__(self, inside, outside):
        super().__init__(inside, outside, 1)

class Deep(nn.Module):
    def __init__(self, width, scale=2):
        super().__init__()
        self.fc = nn.Linear(width, width)
        self.wide = nn.Linear(in_features=scale * width, out_features=4)

class Rebound(nn.Module):
    def __init__(self, width):
        super().__init__()
        width = width // 2
        self.fc = nn.Linear(width, 4)

def make(width, norm=nn.LayerNorm):
    return nn.Sequential(nn.Linear(width, 4), norm(4))

def stack(dim):
    return nn.Sequential(*[nn.Linear(dim, 2) for _ in range(2)])

class Net(nn.Module):
    def __init__(self, width=8):
        super().__init__()
        self.two = nn.Sequential(layers.Linear(3, 8), layers.Linear(8, 3))
        self.own = Conv(5, 6)
        self.deep = nn.ModuleList([Deep(6) for _ in range(2)])
        self.given = make(width)
        self.lambdas = (lambda w: nn.Linear(w, 2))(7)
        sizes = (9, 2)
        self.starred = nn.Linear(*sizes)
        self.rebound = Rebound(10)
        self.stacked = stack(11)
"""

WANTED = {
    "two.0": ("layers.Linear(3, 8)", "layers.Linear(31, 8)"),
    "two.1": ("layers.Linear(8, 3)", "layers.Linear(31, 3)"),
    "own": ("Conv(5, 6)", "Conv(31, 6)"),
    "deep.1.fc": ("Deep(6)", "Deep(31)"),
    "deep.0.wide": (
        "nn.Linear(in_features=scale * width, out_features=4)",
        "nn.Linear(in_features=31, out_features=4)",
    ),
    "given.0": ("factory()", "factory(width=31)"),
    "given.1": ("norm(4)", "norm(31)"),
    "lambdas": ("(lambda w: nn.Linear(w, 2))(7)", "(lambda w: nn.Linear(w, 2))(31)"),
    "starred": ("nn.Linear(*sizes)", ""),
    "stacked.1": ("stack(11)", "stack(31)"),
    "rebound.fc": ("nn.Linear(width, 4)", "nn.Linear(31, 4)"),
}


@pytest.fixture
def net(tmp_path: Path) -> tuple[nn.Module, Sites]:
    (tmp_path / "net.py").write_text(SOURCE)
    factory = resolve(f"{tmp_path}/net.py:Net")
    with made_at() as sites:
        return factory(), sites


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no columns in tracebacks")
@pytest.mark.parametrize("name", WANTED)
def test_the_width_is_changed_where_it_is_written(net: tuple[nn.Module, Sites], name: str) -> None:
    model, sites = net
    layer = model.get_submodule(name)
    kind = next(k for k in type(layer).__mro__ if k.__module__.startswith("torch.nn.modules"))
    width = {"Conv2d": "in_channels", "LayerNorm": "normalized_shape"}.get(
        kind.__name__, "in_features"
    )
    found = written_with(sites[id(layer)][1], kind, width, 31)
    assert found is not None
    assert (found.text, found.fits) == WANTED[name]


def test_what_notes_the_calls_is_gone_behind_it() -> None:
    before = nn.Module.__init__
    with made_at() as sites:
        layer = nn.Linear(1, 1)
    assert nn.Module.__init__ is before
    assert id(layer) in sites
