"""A mask that a module keeps in a parameter of booleans is a constant, and breaks nothing."""

import torch
from torch import nn

from tests.deciding import finding_of


class Windowed(nn.Module):
    """AFT with learned biases in a window, which is kept as a frozen parameter."""

    reach = 0

    def __init__(self, dim: int, seq_len: int, window: int) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Linear(dim, dim) for _ in range(3))
        self.bias = nn.Parameter(torch.zeros(seq_len, seq_len))
        near = torch.ones(seq_len, seq_len, dtype=torch.bool).tril(window - 1 + self.reach)
        self.near = nn.Parameter(near.triu(1 - window), requires_grad=False)
        self.out = nn.Linear(dim, dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        n = x.shape[1]
        w = (self.bias * self.near)[:n, :n].exp()
        e = self.k(x).exp()
        return self.out(self.q(x).sigmoid() * (w @ (e * self.v(x))) / (w @ e))


class Lopsided(Windowed):
    reach = 1


def test_a_mask_in_a_parameter_is_no_weight() -> None:
    finding = finding_of("equivalence", Windowed, "aft")
    assert finding.status == "holds", finding.message


def test_a_lopsided_one_is_not_the_window() -> None:
    assert finding_of("equivalence", Lopsided, "aft").status == "violated"
