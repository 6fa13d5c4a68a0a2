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


class ZeroTimes(nn.Module):
    """Nothing is reshaped: a mask of another shape is laid over the scores in other ways."""

    causal = False

    def __init__(self, dim: int, num_heads: int = 3) -> None:
        super().__init__()
        self.heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def hidden(self, scores: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        return scores + 0.0 * valid[:, None, None, :]

    def forward(self, x: torch.Tensor, mask: torch.Tensor | None = None) -> torch.Tensor:
        parts = self.qkv(x).unflatten(-1, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        q, k, v = parts
        scores = q @ k.mT * q.shape[-1] ** -0.5
        if self.causal:
            later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
            scores = scores.masked_fill(later, float("-inf"))
        if mask is not None:
            scores = self.hidden(scores, mask)
        projected: torch.Tensor = self.out((scores.softmax(-1) @ v).transpose(-3, -2).flatten(-2))
        return projected


class CausalZeros(ZeroTimes):
    """Keys behind the others are heard by no query that counts, mask or none."""

    causal = True

    def hidden(self, scores: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        none = torch.zeros_like(valid, dtype=torch.bool)
        return scores.masked_fill(none[:, None, None, :], float("-inf"))


class CausalHides(CausalZeros):
    def hidden(self, scores: torch.Tensor, valid: torch.Tensor) -> torch.Tensor:
        return scores.masked_fill(valid[:, None, None, :] == 0, -1e9)


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


@pytest.mark.parametrize(("factory", "spec"), [(ZeroTimes, "mha"), (CausalZeros, "causal")])
def test_so_is_one_that_other_shapes_of_it_change(factory: Any, spec: str) -> None:
    finding = finding_of("masks", factory, spec=spec)
    assert finding.status == "violated"
    assert "changes nothing" in finding.message
    assert finding.location is not None


def test_a_causal_layer_that_heeds_its_mask_is_none_of_these() -> None:
    assert finding_of("masks", CausalHides, spec="causal").status == "holds"


def test_a_mask_laid_on_another_sample_is_called_so() -> None:
    finding = finding_of("masks", Rolled, spec="mha")
    assert finding.status == "violated"
    assert "another sample of the batch" in finding.message


def test_what_other_values_may_hide_is_not_lost() -> None:
    assert finding_of("masks", Threshold, spec="mha").status == "undecided"


def test_a_mask_that_hides_is_none_of_these() -> None:
    assert finding_of("masks", Attention, spec="mha").status == "holds"
