"""Dropout falls on what a softmax gives, and as often as the constructor says."""

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from tests.deciding import finding_of


class Attention(nn.Module):
    def __init__(self, dim: int, num_heads: int = 3, dropout: float = 0.0) -> None:
        super().__init__()
        self.heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.dropout = nn.Dropout(dropout)

    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        weights: torch.Tensor = self.dropout(scores.softmax(-1))
        return weights

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        out = self.weigh(q @ k.mT * (c // self.heads) ** -0.5) @ v
        projected: torch.Tensor = self.out(out.transpose(1, 2).reshape(b, n, c))
        return projected


class OnLogits(Attention):
    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        return F.softmax(self.dropout(scores), dim=-1)


class OnScaledLogits(Attention):
    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        dropped = F.dropout(scores, self.dropout.p, self.training)
        visible = torch.ones_like(scores, dtype=torch.bool).tril()
        hidden = (dropped * 2.0).masked_fill(~visible, float("-inf"))
        e = (hidden - hidden.amax(-1, keepdim=True)).exp()
        return e / e.sum(-1, keepdim=True)


class OnInput(Attention):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(self.dropout(x))


class OnOutput(Attention):
    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        return scores.softmax(-1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        dropped: torch.Tensor = self.dropout(super().forward(x))
        return x + dropped


class Fused(Attention):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        rate = self.dropout.p if self.training else 0.0
        out = F.scaled_dot_product_attention(q, k, v, dropout_p=rate)
        projected: torch.Tensor = self.out(out.transpose(1, 2).reshape(b, n, c))
        return projected


class Fixed(Attention):
    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        return F.dropout(scores.softmax(-1), 0.5, self.training)


class Deaf(Attention):
    def weigh(self, scores: torch.Tensor) -> torch.Tensor:
        return scores.softmax(-1)


@pytest.mark.parametrize("factory", [OnLogits, OnScaledLogits])
def test_dropped_logits_are_a_fault_on_their_line(factory: Any) -> None:
    finding = finding_of("dropped", factory, spec="mha")
    assert finding.status == "violated"
    assert "before the softmax" in finding.message
    assert finding.location is not None
    lines = Path(finding.location.path).read_text(encoding="utf-8").splitlines()
    assert "drop" in lines[finding.location.line - 1]


@pytest.mark.parametrize("factory", [Attention, OnInput, OnOutput, Fused, Fixed, nn.Identity])
def test_what_is_dropped_elsewhere_is_none(factory: Any) -> None:
    assert finding_of("dropped", factory, spec="mha").status in ("holds", "skipped")


def test_a_rate_that_the_constructor_does_not_set_is_named() -> None:
    finding = finding_of("dropout-rate", Fixed, spec="mha")
    assert finding.status == "violated"
    assert "0.5 whatever 'dropout' says" in finding.message
    unheard = finding_of("dropout-rate", Deaf, spec="mha")
    assert "no dropout has the rate that 'dropout' states" in unheard.message


@pytest.mark.parametrize("factory", [Attention, OnInput, Fused])
def test_a_rate_that_is_heeded_holds(factory: Any) -> None:
    heeded = finding_of("dropout-rate", factory, spec="mha")
    assert heeded.status == "holds"
