"""A module that draws at random in eval mode has no step that could be told to be wrong."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.deciding import finding_of


class Fused(nn.Module):
    """The probability is handed on whatever the mode."""

    def __init__(self, n_embd: int, n_head: int = 4, dropout: float = 0.1) -> None:
        super().__init__()
        self.n_head, self.p = n_head, dropout
        self.c_attn, self.c_proj = nn.Linear(n_embd, 3 * n_embd), nn.Linear(n_embd, n_embd)

    def probability(self) -> float:
        return self.p

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            t.unflatten(-1, (self.n_head, -1)).transpose(1, 2) for t in self.c_attn(x).chunk(3, -1)
        )
        seen = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).tril()
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=seen, dropout_p=self.probability())
        return self.c_proj(y.transpose(1, 2).flatten(2))


class Heeding(Fused):
    def probability(self) -> float:
        return self.p if self.training else 0.0


def test_where_every_call_differs_no_step_is_blamed_and_the_claim_about_that_is_violated() -> None:
    found = finding_of("equivalence", Fused, "causal")
    assert found.status == "undecided"
    assert "each call in eval mode gives another output" in found.message
    assert finding_of("deterministic", Fused, "causal").status == "violated"


def test_dropout_of_training_alone_is_none_of_that() -> None:
    assert finding_of("equivalence", Heeding, "causal").status == "holds"
