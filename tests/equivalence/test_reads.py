"""How a call reads a matrix tells which side of it the inputs are, where its sizes do not."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attncheck.equivalence.reads import Reads, reads_of
from attncheck.subject.trial import Trial
from tests.deciding import finding_of, subject_of


class Conv1D(nn.Module):
    """GPT-2's: inputs are rows."""

    def __init__(self, nf: int, nx: int) -> None:
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.randn(nx, nf)), nn.Parameter(torch.zeros(nf))

    def forward(self, x: Tensor) -> Tensor:
        y = torch.addmm(self.bias, x.view(-1, x.size(-1)), self.weight)
        return y.view(*x.shape[:-1], -1)


class Config:
    n_embd, n_head, n_ctx = 48, 4, 64


class Block(nn.Module):
    """Every matrix turned, the activation by hand, the mask by a product."""

    def __init__(self, config=Config) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        c = config.n_embd
        seen = torch.tril(torch.ones(config.n_ctx, config.n_ctx))
        self.register_buffer("seen", seen)
        self.n_head = config.n_head
        self.ln_1, self.ln_2 = nn.LayerNorm(c), nn.LayerNorm(c)
        self.c_attn, self.c_proj = Conv1D(3 * c, c), Conv1D(c, c)
        self.c_fc, self.c_out = Conv1D(4 * c, c), Conv1D(c, 4 * c)

    def activated(self, x: Tensor) -> Tensor:
        return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))

    def scaled(self, scores: Tensor, width: int) -> Tensor:
        return scores / math.sqrt(width)

    def attended(self, x: Tensor) -> Tensor:
        q, k, v = (
            t.unflatten(-1, (self.n_head, -1)).transpose(1, 2)
            for t in self.c_attn(x).split(x.size(-1), 2)
        )
        w = self.scaled(q @ k.transpose(-1, -2), v.size(-1))
        b = self.seen[: w.size(-2), : w.size(-1)]
        w = torch.softmax(w * b - 1e10 * (1 - b), -1)
        return self.c_proj((w @ v).transpose(1, 2).flatten(2))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attended(self.ln_1(x))
        return x + self.c_out(self.activated(self.c_fc(self.ln_2(x))))


class Einsums(Block):
    """The same matrices in sums of products; the activation is torch's."""

    def activated(self, x: Tensor) -> Tensor:
        return F.gelu(x)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attended(self.ln_1(x))
        f = torch.einsum("bnc,cf->bnf", self.ln_2(x), self.c_fc.weight) + self.c_fc.bias
        w = self.c_out.weight.t()
        return x + F.linear(self.activated(f), w, self.c_out.bias)


class Unscaled(Einsums):
    def scaled(self, scores: Tensor, width: int) -> Tensor:
        return scores


class Square(nn.Module):
    def __init__(self, product: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.weight, self.product = nn.Parameter(torch.randn(8, 8)), product

    def forward(self, x: Tensor) -> Tensor:
        return self.product(x, self.weight)


def read(product: Callable[[Tensor, Tensor], Tensor]) -> Reads:
    subject = subject_of(lambda: Square(product), "tokens", inputs=("2x5x8",))
    return reads_of(subject, Trial(subject, subject.base()).module())


@pytest.mark.parametrize("block", [Block, Einsums], ids=lambda b: b.__name__)
def test_a_block_whose_matrices_are_all_turned_is_proven(block: type[nn.Module]) -> None:
    found = finding_of("equivalence", block, "prenorm-block")
    assert found.status == "holds", found.message
    assert found.evidence.get("identity", "proven") == "proven"


def test_the_same_block_with_one_mistake_is_not() -> None:
    assert finding_of("equivalence", Unscaled, "prenorm-block").status == "violated"


@pytest.mark.parametrize(
    ("product", "axis"),
    [
        (lambda x, w: x @ w, 0),
        (lambda x, w: F.linear(x, w), 1),
        (lambda x, w: torch.einsum("bnc,oc->bno", x, w), 1),
        (lambda x, w: torch.einsum("bnc,co->bno", x, w), 0),
        (lambda x, w: (w @ x.transpose(1, 2)).transpose(1, 2), 1),
    ],
)
def test_the_axis_that_a_product_sums_over_is_read_off_the_call(
    product: Callable[[Tensor, Tensor], Tensor], axis: int
) -> None:
    assert read(product).summed == {"weight": axis}


def test_a_matrix_that_no_product_reads_tells_nothing() -> None:
    found = read(lambda x, w: x + w.sum())
    assert (found.order, found.summed) == ({"weight": 0}, {})
