"""Both counters price one operator at a time as a hand does, in eval and in training mode."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from attncheck.counting.dispatch import counting
from attncheck.counting.fvcore_check import fvcore_count

R = torch.randn


class Call(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.function(*inputs)


class First(nn.Module):
    """The first result of a module that returns several, or of one called with one input thrice."""

    def __init__(self, inner: nn.Module, times: int = 1, **keywords: Any) -> None:
        super().__init__()
        self.inner, self.times, self.keywords = inner, times, keywords

    def forward(self, *inputs: torch.Tensor) -> Any:
        return self.inner(*(inputs * self.times), **self.keywords)[0]


def sdpa(**keywords: Any) -> Call:
    return Call(lambda q, k, v: F.scaled_dot_product_attention(q, k, v, **keywords))


def einsum(equation: str) -> Call:
    return Call(lambda *operands: torch.einsum(equation, *operands))


def attention(**keywords: Any) -> nn.Module:
    return nn.MultiheadAttention(16, 2, batch_first=True, **keywords)


CASES: dict[str, tuple[Callable[[], nn.Module], list[tuple[int, ...]], int]] = {
    "softmax": (lambda: nn.Softmax(-1), [(4, 8)], 0),
    "mean": (lambda: Call(lambda x: x.mean((2, 3))), [(2, 3, 4, 5)], 0),
    "element-wise": (lambda: Call(lambda x: (x * 2 + 1).sigmoid()), [(4, 8)], 0),
    "batch norm": (lambda: nn.BatchNorm2d(3), [(2, 3, 4, 5)], 0),
    "layer norm": (lambda: nn.LayerNorm(8), [(4, 8)], 0),
    "max pool": (lambda: nn.MaxPool2d(2), [(2, 3, 4, 6)], 0),
    "upsample": (lambda: nn.Upsample(scale_factor=2), [(2, 3, 4, 6)], 0),
    "linear": (lambda: nn.Linear(8, 6), [(4, 8)], 4 * 8 * 6),
    "linear, no batch": (lambda: nn.Linear(8, 6), [(8,)], 8 * 6),
    "linear, tokens": (lambda: nn.Linear(8, 6), [(2, 5, 8)], 2 * 5 * 8 * 6),
    "functional linear": (lambda: Call(F.linear), [(4, 8), (6, 8)], 4 * 8 * 6),
    "conv": (lambda: nn.Conv2d(8, 16, 3, padding=1), [(2, 8, 9, 7)], 2 * 63 * 9 * 8 * 16),
    "conv, same": (lambda: nn.Conv2d(8, 16, 3, padding="same"), [(2, 8, 9, 7)], 145_152),
    "conv, circular": (
        lambda: nn.Conv2d(8, 16, 3, padding=1, padding_mode="circular"),
        [(2, 8, 9, 7)],
        145_152,
    ),
    "conv, depthwise": (
        lambda: nn.Conv2d(8, 8, 3, padding=1, groups=8),
        [(2, 8, 9, 7)],
        2 * 63 * 9 * 8,
    ),
    "conv, strided": (lambda: nn.Conv2d(8, 4, 3, stride=2), [(2, 8, 9, 7)], 2 * 4 * 3 * 9 * 8 * 4),
    "conv transposed": (
        lambda: nn.ConvTranspose2d(8, 16, 2, 2),
        [(2, 8, 9, 7)],
        2 * 63 * 4 * 8 * 16,
    ),
    "conv 1d, no batch": (lambda: nn.Conv1d(8, 16, 3), [(8, 20)], 18 * 3 * 8 * 16),
    "conv 3d": (lambda: nn.Conv3d(2, 3, 2), [(1, 2, 4, 5, 6)], 3 * 4 * 5 * 8 * 6),
    "bmm": (lambda: Call(torch.bmm), [(3, 4, 5), (3, 5, 4)], 240),
    "matmul 2d × 3d": (lambda: Call(torch.matmul), [(4, 5), (3, 5, 6)], 360),
    "matmul 4d broadcast": (lambda: Call(torch.matmul), [(2, 1, 4, 5), (1, 3, 5, 6)], 720),
    "matmul 3d × 1d": (lambda: Call(torch.matmul), [(2, 4, 5), (5,)], 40),
    "matmul 1d × 3d": (lambda: Call(torch.matmul), [(5,), (3, 5, 4)], 60),
    "linalg.matmul": (lambda: Call(torch.linalg.matmul), [(2, 3, 5), (5, 4)], 120),
    "mv": (lambda: Call(torch.mv), [(4, 5), (5,)], 20),
    "addmv": (lambda: Call(torch.addmv), [(4,), (4, 5), (5,)], 20),
    "dot": (lambda: Call(torch.dot), [(5,), (5,)], 5),
    "inner": (lambda: Call(torch.inner), [(3, 5), (4, 5)], 60),
    "addmm": (lambda: Call(torch.addmm), [(3, 4), (3, 5), (5, 4)], 60),
    "baddbmm": (lambda: Call(torch.baddbmm), [(3, 4, 4), (3, 4, 5), (3, 5, 4)], 240),
    "addbmm": (lambda: Call(torch.addbmm), [(4, 4), (3, 4, 5), (3, 5, 4)], 240),
    "multi_dot": (
        lambda: Call(lambda *m: torch.linalg.multi_dot(m)),
        [(3, 5), (5, 7), (7, 2)],
        100,
    ),
    "einsum": (lambda: einsum("bik,bkj->bij"), [(3, 4, 5), (3, 5, 4)], 240),
    "einsum, 4 indices": (
        lambda: einsum("bchw,bciw->bwhi"),
        [(2, 11, 7, 13), (2, 11, 7, 13)],
        2 * 11 * 7 * 13 * 7,
    ),
    "einsum, ellipsis": (lambda: einsum("...ik,...kj->...ij"), [(2, 3, 4, 5), (2, 3, 5, 6)], 720),
    "einsum, no arrow": (lambda: einsum("ij,jk"), [(4, 5), (5, 6)], 120),
    "einsum, summed before": (lambda: einsum("ijq,jk->ik"), [(4, 5, 3), (5, 6)], 120),
    "einsum, three": (lambda: einsum("ij,jk,kl->il"), [(4, 5), (5, 6), (6, 3)], 120 + 72),
    "einsum, hadamard": (lambda: einsum("ij,ij->ij"), [(4, 5), (4, 5)], 0),
    "einsum, outer": (lambda: einsum("i,j->ij"), [(4,), (5,)], 0),
    "tensordot": (
        lambda: Call(lambda a, b: torch.tensordot(a, b, ([1], [0]))),
        [(4, 5), (5, 6)],
        120,
    ),
    "bilinear": (lambda: nn.Bilinear(4, 5, 6, bias=False), [(3, 4), (3, 5)], 3 * 4 * 5 * 6),
    "cdist": (lambda: Call(torch.cdist), [(2, 30, 15), (2, 10, 15)], 9_000),
    "cdist, p = 1": (
        lambda: Call(lambda a, b: torch.cdist(a, b, p=1)),
        [(2, 9, 5), (2, 4, 5)],
        360,
    ),
    "pdist": (lambda: Call(F.pdist), [(6, 15)], 15 * 15),
    "unfold": (
        lambda: Call(lambda x, w: w @ F.unfold(x, 3, padding=1)),
        [(2, 8, 9, 7), (16, 72)],
        145_152,
    ),
    "sdpa": (sdpa, [(2, 2, 16, 8)] * 3, 2 * 2 * 16 * 16 * 16),
    "sdpa, causal": (lambda: sdpa(is_causal=True), [(2, 2, 16, 8)] * 3, 16_384),
    "sdpa, grouped": (
        lambda: sdpa(enable_gqa=True),
        [(2, 8, 16, 8), (2, 2, 16, 8), (2, 2, 16, 8)],
        2 * 8 * 16 * 16 * 16,
    ),
    "sdpa, wider values": (
        sdpa,
        [(2, 2, 5, 8), (2, 2, 7, 8), (2, 2, 7, 12)],
        2 * 2 * 5 * 7 * 20,
    ),
    "attention": (lambda: First(attention(), 3), [(2, 9, 16)], 2 * (4 * 9 * 256 + 2 * 81 * 16)),
    "attention, no weights": (
        lambda: First(attention(), 3, need_weights=False),
        [(2, 9, 16)],
        2 * (4 * 9 * 256 + 2 * 81 * 16),
    ),
    "attention, cross": (
        lambda: First(attention(kdim=8, vdim=12)),
        [(2, 5, 16), (2, 9, 8), (2, 9, 12)],
        2 * (2 * 5 * 256 + 9 * 8 * 16 + 9 * 12 * 16 + 2 * 45 * 16),
    ),
    "encoder layer": (
        lambda: nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, dropout=0.0),
        [(2, 9, 16)],
        2 * (9 * (4 * 256 + 2 * 16 * 32) + 2 * 81 * 16),
    ),
    "lstm": (lambda: First(nn.LSTM(8, 16)), [(15, 2, 8)], 30 * 4 * 16 * 24),
    "gru, two ways": (
        lambda: First(nn.GRU(8, 16, bidirectional=True)),
        [(15, 2, 8)],
        30 * 2 * 3 * 16 * 24,
    ),
    "lstm cell": (lambda: First(nn.LSTMCell(8, 16)), [(3, 8)], 3 * 4 * 16 * 24),
    "in place": (
        lambda: Call(lambda x, a, b: x.clone().addmm_(a, b).addbmm_(a[None], b[None])),
        [(3, 4), (3, 5), (5, 4)],
        120,
    ),
    "three calls": (
        lambda: Call(lambda x, w: (x @ w) @ w @ w),
        [(4, 8), (8, 8)],
        3 * 4 * 64,
    ),
}


@pytest.fixture(autouse=True)
def seeded() -> None:
    torch.manual_seed(0)


@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("name", CASES)
def test_both_counters_agree_with_the_hand(name: str, train: bool) -> None:
    build, shapes, hand = CASES[name]
    module = build().train(train)
    inputs = [R(shape) for shape in shapes]
    with counting(module) as tally:
        module(*inputs)
    assert (tally.macs, dict(tally.unpriced)) == (hand, {})
    second = fvcore_count(module, module, inputs)
    assert (second.macs, second.reason) == (hand, "")


@pytest.mark.parametrize("name", ["attention", "encoder layer", "sdpa", "lstm", "matmul 3d × 1d"])
@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode], ids=lambda m: m.__name__)
def test_the_count_does_not_depend_on_the_gradient_mode(name: str, mode: Any) -> None:
    build, shapes, hand = CASES[name]
    module = build().eval()
    with mode(), counting() as tally:
        module(*[R(shape) for shape in shapes])
    assert (tally.macs, dict(tally.unpriced)) == (hand, {})


@pytest.mark.parametrize(
    "name", ["conv", "attention", "sdpa", "sdpa, wider values", "lstm", "cdist", "bilinear", "mv"]
)
def test_meta_counts_the_same_for_nothing(name: str) -> None:
    build, shapes, hand = CASES[name]
    module = build().to("meta")
    with counting() as tally:
        module(*[R(shape, device="meta") for shape in shapes])
    assert tally.macs == hand


def test_element_wise_work_is_counted_apart() -> None:
    with counting() as tally:
        x = R(4, 8).transpose(0, 1)
        (x.exp() + 1).sum()
    assert tally.macs == 0
    assert tally.other_ops >= 3 * 32


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
        "from attncheck.counting.dispatch import counting\n"
        "m = torch.nn.Linear(3, 4)\n"
        "with counting(m): m(torch.randn(2, 3))\n"
        "sys.exit('torch._dynamo' in sys.modules or 'fvcore' in sys.modules)\n"
    )
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
