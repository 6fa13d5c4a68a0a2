"""What counters say beyond the number: element-wise work, what has no price, where work is."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from attncheck.instruments.counting.dispatch import counting
from attncheck.instruments.counting.fvcore_check import fvcore_count
from benchmarks.counting.case import Call

R = torch.randn


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


def test_element_wise_work_is_counted_apart() -> None:
    with counting() as tally:
        x = R(4, 8).transpose(0, 1)
        (x.exp() + 1).sum()
    assert tally.macs == 0
    assert tally.elementwise >= 3 * 32


def test_common_element_wise_operators_are_all_known_to_be_free() -> None:
    x, n = R(4, 8), torch.arange(32).view(4, 8)
    with counting() as tally:
        for name in (
            "gelu",
            "silu",
            "mish",
            "hardswish",
            "elu",
            "softplus",
            "hardsigmoid",
            "relu6",
        ):
            getattr(F, name)(x)
        for name in ("abs_", "exp_", "clamp_min_", "eq_", "gt_", "mul_", "sub_", "div_", "pow_"):
            method = getattr(x.clone(), name)
            method() if name in ("abs_", "exp_") else method(2)
        n // 3 % 2, (n > 3) & (n < 9) | ~(n == 4), n << 1
        x.cumsum(0), x.topk(2), x.sort(), x.roll(1, 0), x.flip(0), x.tril(), x.std(), x.norm()
        F.one_hot(n), F.embedding(n, R(32, 2)), F.pad(x, (1, 1)), F.glu(x), F.prelu(x, R(1))
        F.layer_norm(x, (8,)), F.group_norm(x, 2), F.rms_norm(x, (8,)), F.normalize(x)
        F.interpolate(x[None, None], scale_factor=2, mode="bilinear"), F.unfold(x[None, None], 2)
        F.dropout(x, 0.5), F.grid_sample(x[None, None], R(1, 2, 2, 2), align_corners=False)
        F.adaptive_max_pool2d(x[None], 1), F.avg_pool2d(x[None], 2)
        F.pixel_shuffle(x[None, None].repeat(1, 4, 1, 1), 2)
        x.masked_fill(x > 0, -torch.inf).softmax(0), x.logsumexp(0), x.amax(0), x.var((0, 1))
    assert dict(tally.unpriced) == {}
    assert tally.macs == 0


def test_an_operator_without_a_price_is_named() -> None:
    with counting() as tally:
        torch.linalg.svd(R(4, 4))
    assert list(tally.unpriced) == ["aten._linalg_svd"]


class Doubled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
        return 2 * (x @ w)

    @staticmethod
    def backward(ctx: Any, g: torch.Tensor) -> Any:
        return g, g


def test_fvcore_says_that_it_cannot_look_into_a_custom_function() -> None:
    module = Call(Doubled.apply)
    inputs = [R(4, 8), R(8, 8).requires_grad_()]
    with counting() as tally:
        module(*inputs)
    assert tally.macs == 256
    second = fvcore_count(module, module, inputs)
    assert second.macs is None
    assert "custom autograd function" in second.reason


def test_fvcore_says_that_it_cannot_count_on_meta() -> None:
    module = nn.Linear(3, 4, device="meta")
    second = fvcore_count(module, module, [R(2, 3, device="meta")])
    assert (second.macs, second.reason) == (None, "fvcore cannot trace on meta")


def test_work_is_told_by_submodule() -> None:
    module = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Sequential(nn.Linear(4, 8)))
    with counting(module) as tally:
        module(R(3, 8))
    assert dict(tally.by_module) == {"": 192, "0": 96, "2": 96, "2.0": 96}


def test_a_product_that_is_summed_is_noted_as_a_contraction_in_other_words() -> None:
    with counting() as tally:
        (R(4, 1, 5) * R(1, 6, 5)).sum(-1)
        R(4, 5).relu().mean()
    assert tally.hidden.alternatives == [120]


def test_counting_does_not_load_the_compiler() -> None:
    import subprocess
    import sys

    script = (
        "import sys, torch\n"
        "from attncheck.instruments.counting.dispatch import counting\n"
        "m = torch.nn.Linear(3, 4)\n"
        "with counting(m): m(torch.randn(2, 3))\n"
        "sys.exit('torch._dynamo' in sys.modules or 'fvcore' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
