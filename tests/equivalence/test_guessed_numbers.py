"""A window that nothing of a module names is our guess: never its fault, and tried as it may be."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from tests.deciding import finding_of


class Banded(nn.Module):
    """Attention to the neighbours on both sides, keys and values unfolded."""

    def __init__(self, dim: int, heads: int = 4, one_sided: int = 2) -> None:
        super().__init__()
        self.heads, self.reach = heads, one_sided
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))

    def around(self, t: Tensor) -> Tensor:
        both = self.reach
        return pad(t, (0, 0, both, both)).unfold(2, 2 * both + 1, 1).mT

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = (
            f(x).view(b, n, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v)
        )
        there = self.around(torch.ones_like(q[..., :1]))[..., 0]
        logits = (self.around(k) @ q[..., None])[..., 0] / q.shape[-1] ** 0.5
        weights = logits.masked_fill(there == 0, -torch.inf).softmax(-1)
        out = (weights[..., None, :] @ self.around(v))[..., 0, :]
        return self.o(out.transpose(1, 2).reshape(b, n, c))


class Unnamed(Banded):
    """The number stands in its code alone."""

    def __init__(self, dim: int, heads: int = 4) -> None:
        super().__init__(dim, heads, 4)
        del self.reach

    def around(self, t: Tensor) -> Tensor:
        return pad(t, (0, 0, 4, 4)).unfold(2, 9, 1).mT


class Masked(Banded):
    """The same with a mask, its logits not scaled."""

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        parts = (f(x).view(b, n, self.heads, -1) for f in (self.q, self.k, self.v))
        q, k, v = (t.transpose(1, 2) for t in parts)
        places = torch.arange(n)
        far = (places - places[:, None]).abs() > self.reach
        weights = (q @ k.mT).masked_fill(far, -torch.inf).softmax(-1)
        return self.o((weights @ v).transpose(1, 2).reshape(b, n, c))


def test_a_number_under_a_name_that_nobody_knows_is_tried() -> None:
    finding = finding_of("equivalence", Banded, "sliding-window")
    assert finding.status.value == "holds", finding.message


def test_what_may_be_our_guess_of_a_number_is_left_open_and_says_what_to_state() -> None:
    finding = finding_of("equivalence", Unnamed, "sliding-window")
    assert finding.status.value == "undecided"
    assert "--set window=" in finding.message
    stated = finding_of("equivalence", Unnamed, "sliding-window", dims={"window": 4})
    assert stated.status.value == "holds", stated.message


def test_a_fault_before_it_is_still_one() -> None:
    finding = finding_of("equivalence", Masked, "sliding-window")
    assert finding.counts
    assert "scale" in finding.message
