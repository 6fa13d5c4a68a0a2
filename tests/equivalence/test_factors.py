"""A factor that a norm takes out again is told, and a norm's own constant is not taken for one."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncheck.data.report import Status
from tests.deciding import finding_of


class Post(nn.Module):
    factor, eps = 1.0, 1e-6

    def __init__(self, d_model: int, n_head: int = 4, d_ff: int = 96) -> None:
        super().__init__()
        self.h = n_head
        self.q, self.k, self.v, self.o = (nn.Linear(d_model, d_model) for _ in range(4))
        self.n1, self.n2 = (nn.LayerNorm(d_model, eps=self.eps) for _ in range(2))
        self.f1, self.f2 = nn.Linear(d_model, d_ff), nn.Linear(d_ff, d_model)

    def split(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.h, -1)).transpose(1, 2)

    def attended(self, x: Tensor) -> Tensor:
        q, k, v = (self.split(layer(x)) for layer in (self.q, self.k, self.v))
        y = (q @ k.mT / q.shape[-1] ** 0.5).softmax(-1) @ v
        return self.o(y.transpose(1, 2).flatten(2))

    def forward(self, x: Tensor) -> Tensor:
        t = self.n1((x + self.attended(x)) * self.factor)
        return self.n2(t + self.f2(self.f1(t).relu()))


class HalfASum(Post):
    factor, eps = 0.5, 1e-5


class BluntedValues(Post):
    """A number of single precision on the way: no factor, and as far from the definition."""

    def attended(self, x: Tensor) -> Tensor:
        return super().attended(x) * torch.tensor(1 + 4e-6, dtype=x.dtype)


def test_half_of_a_sum_before_a_norm_is_a_variant() -> None:
    finding = finding_of("equivalence", HalfASum, "postnorm-block")
    assert finding.status is Status.HOLDS
    assert finding.evidence["identity"] == "variant"
    assert "a factor before a norm" in finding.changes[0]


def test_a_norms_own_eps_and_what_single_precision_leaves_are_none() -> None:
    for model in (Post, BluntedValues):
        finding = finding_of("equivalence", model, "postnorm-block")
        assert finding.status is Status.HOLDS
        assert finding.evidence["identity"] == "proven"
