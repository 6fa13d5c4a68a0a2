"""Finite numbers in give finite numbers out."""

import torch
from torch import nn

from tests.deciding import finding_of


class Cosine(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.v = nn.Linear(dim, dim)

    def normed(self, x: torch.Tensor) -> torch.Tensor:
        return x / x.norm(dim=-1, keepdim=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        t = self.normed(x)
        return (t @ t.mT).softmax(-1) @ self.v(x)


class CosineSafe(Cosine):
    def normed(self, x: torch.Tensor) -> torch.Tensor:
        return nn.functional.normalize(x, dim=-1)


class UnnormalisedExp(Cosine):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = (x @ x.mT).exp()
        return weights / weights.sum(-1, keepdim=True) @ self.v(x)


class Plain(Cosine):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x @ x.mT).softmax(-1) @ self.v(x)


class DifferenceOfSquares(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(c, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean = x.mean((2, 3), keepdim=True)
        variance = (x * x).mean((2, 3), keepdim=True) - mean * mean
        return self.scale * (x - mean) / (variance + 1e-5).sqrt()


class GroupNormed(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(4, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.norm(x).sigmoid()


def test_a_norm_without_epsilon_is_found() -> None:
    finding = finding_of("finite", Cosine, "tokens")
    assert finding.status == "violated"
    assert "zeros" in finding.message
    assert finding_of("finite", CosineSafe, "tokens").status == "holds"


def test_an_exp_that_overflows_is_found() -> None:
    assert finding_of("finite", UnnormalisedExp, "tokens").status == "violated"
    assert finding_of("finite", Plain, "tokens").status == "holds"


def test_a_variance_as_a_difference_of_squares_is_found() -> None:
    finding = finding_of("finite", DifferenceOfSquares)
    assert finding.status == "violated"
    assert "1000" in finding.message
    assert finding_of("finite", GroupNormed).status == "holds"


class LastSeesNothing(Cosine):
    """A row of the softmax has every key hidden: NaN whatever the input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = torch.ones(x.shape[1], x.shape[1]).tril().bool()
        return (x @ x.mT).masked_fill(hidden, -torch.inf).softmax(-1) @ self.v(x)


def test_what_ordinary_inputs_make_nan_is_found() -> None:
    finding = finding_of("finite", LastSeesNothing, "tokens")
    assert finding.status == "violated"
    assert "ordinary inputs" in finding.message


class Keeping(Cosine):
    """Keeps its keys with their graph, as a cache of a decoder does."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.cache = torch.zeros(4, 64, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.cache[: len(x), : x.shape[1]] = self.v(x)
        kept = self.cache[: len(x), : x.shape[1]]
        return (x @ x.mT / x.shape[-1]).softmax(-1) @ kept


def test_what_an_earlier_call_left_behind_is_no_sign_of_infinity() -> None:
    assert finding_of("finite", Keeping, "tokens").status == "holds"
