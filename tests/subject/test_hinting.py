"""Of a module that raises on the spec's input, it is told on which input it runs."""

from __future__ import annotations

import pytest
from torch import Tensor, nn

from attncheck.catalogue import load
from attncheck.subject.hinting import runs_elsewhere
from attncheck.subject.prepare import Request, prepare


class Blocks(nn.Module):
    """Takes maps whose sides are multiples of seven."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        assert x.shape[-1] % 7 == x.shape[-2] % 7 == 0
        return x + self.conv(x).unflatten(-1, (-1, 7)).mean(-1, keepdim=True).flatten(-2)[..., :1]


class Tokens(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.fc = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        _, _, _ = x.shape
        return x + self.fc(x)


class Maps(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(dim, dim, 1)

    def forward(self, x: Tensor) -> Tensor:
        _, _, _, _ = x.shape
        return x + self.conv(x)


class Broken(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()

    def forward(self, x: Tensor) -> Tensor:
        raise RuntimeError("never")


def test_another_size_is_tried_where_none_is_stated() -> None:
    request = Request(name="x", target="Blocks", factory=Blocks)
    subject, failure = prepare(load("map").document, request)
    assert failure is None
    assert subject.tried == "H=7, W=7, found by trying"
    assert not {"H", "W"} & subject.variable


@pytest.mark.parametrize(
    ("module", "spec", "told"),
    [
        (Tokens, "se", "tokens, 2x8x32, which this spec does not take"),
        (Maps, "tokens", "a feature map, 2x48x8x8, which this spec does not take"),
        (Broken, "map", ""),
    ],
)
def test_an_input_on_which_it_runs_is_told(module: type[nn.Module], spec: str, told: str) -> None:
    request = Request(name="x", target=module.__name__, factory=module)
    subject, failure = prepare(load(spec).document, request)
    assert failure is not None
    said = runs_elsewhere(subject, failure)
    assert told in said if told else not said
