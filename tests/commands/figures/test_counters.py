"""Each counter of other people sees what its own code says that it sees."""

from __future__ import annotations

import pytest
import torch

from attncheck.commands.figures.counters import COUNTERS, called
from attncheck.commands.figures.counters import counted as operations_of
from attncheck.subject.dispatcher import watching


def counted(counter: str, module: torch.nn.Module, *, by_layer: bool = False) -> float:
    total = 0.0

    def run(_: object, operator: object, args: object, kwargs: object) -> object:
        nonlocal total
        out = operator(*args, **kwargs)  # type: ignore[operator]
        call = called(operator, args, kwargs, out)
        total += dict(operations_of(call))[counter, by_layer]
        return out

    module.eval()
    with torch.no_grad(), watching(run):
        module(torch.zeros(1, 4, 6, 6))
    return total


NORM, RELU = torch.nn.BatchNorm2d(4), torch.nn.ReLU()
N = 4 * 36


@pytest.mark.parametrize(
    ("counter", "per_element"),
    [("contractions", 0), ("fvcore", 2), ("imgclsmob", 2), ("ptflops", 2), ("thop", 2),
     ("thop-fused", 1), ("thop-2019", 4)],
)  # fmt: skip
def test_counters_differ_in_what_a_batch_norm_costs(counter: str, per_element: int) -> None:
    assert counted(counter, NORM) == per_element * N


def test_only_some_see_an_activation() -> None:
    seen = {name: counted(name, RELU) / N for name in COUNTERS}
    assert {name: share for name, share in seen.items() if share} == {
        "imgclsmob": 0.5, "ptflops": 1, "thop-2019": 1,
    }  # fmt: skip


def test_hooks_on_layers_do_not_see_products_that_are_functions() -> None:
    class Product(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            t = x.flatten(2)
            return t @ t.transpose(1, 2)

    assert counted("contractions", Product()) == counted("fvcore", Product()) == 4 * 36 * 4
    assert counted("thop", Product()) == counted("ptflops", Product()) == 0


def test_a_mean_is_seen_where_it_is_a_pooling_layer() -> None:
    class Mean(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x.mean((2, 3))

    assert counted("fvcore", torch.nn.AdaptiveAvgPool2d(1)) == N
    assert counted("fvcore", Mean()) == 0
    assert counted("fvcore", Mean(), by_layer=True) == N


def test_a_counter_takes_one_addition_off_each_kernel() -> None:
    layer = torch.nn.Conv2d(4, 8, 3, padding=1, bias=False)
    assert counted("contractions", layer) == 36 * 9 * 4 * 8
    assert counted("imgclsmob", layer) == 36 * 9 * 4 * 8 - 4 * 8 / 2
