"""A mask whose values are lost by what is computed of them, or laid on another sample."""

from typing import Any

import pytest
import torch
from torch import nn

from tests.deciding import finding_of


class Attention(nn.Module):
    def __init__(self, dim: int, num_heads: int = 3) -> None:
        super().__init__()
        self.heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def hidden(self, valid: torch.Tensor) -> torch.Tensor:
        return valid == 0

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = q @ k.mT * q.shape[-1] ** -0.5
        if mask is not None:
            scores = scores.masked_fill(self.hidden(mask)[:, None, None, :], float("-inf"))
        projected: torch.Tensor = self.out((scores.softmax(-1) @ v).mT.reshape(b, c, n).mT)
        return projected


class Zeros(Attention):
    def hidden(self, valid: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(valid, dtype=torch.bool)


class ZerosOfItsKind(Attention):
    def hidden(self, valid: torch.Tensor) -> torch.Tensor:
        return torch.zeros_like(valid) != 0


class AndFalse(Attention):
    def hidden(self, valid: torch.Tensor) -> torch.Tensor:
        return (valid == 0) & False


class Rolled(Attention):
    def hidden(self, valid: torch.Tensor) -> torch.Tensor:
        return valid.roll(1, 0) == 0


class Threshold(Attention):
    """Values that nobody has tried may well hide something: nothing is lost for good."""

    def hidden(self, valid: torch.Tensor) -> torch.Tensor:
        return (valid > 5e3) & (valid < 6e3)


@pytest.mark.parametrize("factory", [Zeros, ZerosOfItsKind, AndFalse])
def test_a_mask_that_computing_loses_is_a_finding_on_its_line(factory: Any) -> None:
    finding = finding_of("masks", factory, spec="mha")
    assert finding.status == "violated"
    assert "makes the same of every mask" in finding.message
    assert finding.location is not None


def test_a_mask_laid_on_another_sample_is_called_so() -> None:
    finding = finding_of("masks", Rolled, spec="mha")
    assert finding.status == "violated"
    assert "another sample of the batch" in finding.message


def test_what_other_values_may_hide_is_not_lost() -> None:
    assert finding_of("masks", Threshold, spec="mha").status == "undecided"


def test_a_mask_that_hides_is_none_of_these() -> None:
    assert finding_of("masks", Attention, spec="mha").status == "holds"
