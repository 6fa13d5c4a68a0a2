"""Our counters hold against the hand: whole modules, single operators, in every mode of torch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from attncheck.instruments.counting.dispatch import Tally, counting
from attncheck.instruments.counting.fvcore_check import fvcore_count
from attncheck.instruments.counting.parameters import inventory
from benchmarks.counting.case import Case
from benchmarks.counting.cases import EVERY, MODULES, OPERATORS

BEYOND_FVCORE = {
    "operator: scripted child",
    "operator: autograd.Function",
    "more: nested samples",
    "more: functional_call",
    "more: layer out of sight",
}

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*(nested tensors|LSTM with projections|jit.script)"
)


def counted(case: Case, module: torch.nn.Module, device: str = "cpu") -> Tally:
    with counting(module) as tally:
        module(*case.arguments(device))
    return tally


def test_the_cases_are_as_many_as_were_promised() -> None:
    assert len(MODULES) >= 15
    assert len(OPERATORS) == 48


def test_the_page_shows_every_module_and_operator() -> None:
    page = (Path(__file__).parents[3] / "docs" / "counting.md").read_text(encoding="utf-8")
    for name, case in {**MODULES, **OPERATORS}.items():
        assert f"| {name} | {case.macs:,} |" in page


@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("name", EVERY)
def test_what_a_hand_counts_is_counted_or_named(name: str, train: bool) -> None:
    case = EVERY[name]
    with torch.set_grad_enabled(train):
        tally = counted(case, case.module(train))
    assert (tally.macs, dict(tally.unpriced)) == (case.hand(train) - case.written_out, {})
    assert tally.hidden.written_out == case.written_out
    assert tally.by_module[""] == tally.macs


@pytest.mark.parametrize("name", [name for name, case in EVERY.items() if case.on_meta])
def test_shapes_alone_give_the_same_count(name: str) -> None:
    case = EVERY[name]
    tally = counted(case, case.module(train=False).to("meta"), "meta")
    assert (tally.macs, dict(tally.unpriced)) == (case.hand(train=False) - case.written_out, {})


@pytest.mark.parametrize(
    "name",
    [
        "module: multi-head, weights",
        "operator: matmul 3d × 1d",
        "operator: SDPA",
        "operator: LSTM",
        "operator: encoder layer",
        "more: linear, vector weight",
    ],
)
@pytest.mark.parametrize("mode", [torch.enable_grad, torch.inference_mode], ids=["grad", "none"])
def test_the_count_does_not_depend_on_the_gradient_mode(name: str, mode: Any) -> None:
    case = EVERY[name]
    with mode():
        tally = counted(case, case.module(train=False))
    assert (tally.macs, dict(tally.unpriced)) == (case.macs, {})


@pytest.mark.parametrize("name", EVERY)
def test_the_second_counter_agrees_or_says_why_it_cannot_count(name: str) -> None:
    # In training: while torch is traced it leaves the fused kernels of eval anyway.
    case = EVERY[name]
    module, given = case.module(train=True), case.arguments()
    tensors = [each for each in given if isinstance(each, torch.Tensor)]

    def call(*traced: torch.Tensor) -> Any:
        rest = iter(traced)
        said = module(*(next(rest) if isinstance(e, torch.Tensor) else e for e in given))
        return said["y"] if isinstance(said, dict) else said

    second = fvcore_count(module, call, tensors)
    if name in BEYOND_FVCORE:
        assert second.macs is None
        assert second.reason
    else:
        assert (second.macs, second.reason) == (case.hand(train=True) - case.written_out, "")


@pytest.mark.parametrize("name", MODULES)
def test_parameters_are_counted_as_a_hand_does(name: str) -> None:
    assert inventory(MODULES[name].build()).total == MODULES[name].parameters


def test_what_is_broadcast_over_a_sum_is_no_contraction() -> None:
    x, gate = torch.randn(2, 3, 4, 5), torch.randn(2, 3, 1, 1)
    with counting() as tally:
        (x * gate).mean((2, 3))
    assert tally.hidden.written_out == 0


def test_a_product_that_serves_something_else_too_is_no_contraction() -> None:
    with counting() as tally:
        product = torch.randn(4, 6, 5) * torch.randn(4, 6, 5)
        product.sum(-1), product.relu()
    assert tally.hidden.written_out == 0
