"""Positions weigh each other by their content."""

import torch
from torch import nn

from tests.deciding import finding_of


class PooledGate(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc(x.mean((2, 3))).sigmoid()[:, :, None, None]


class PooledVector(PooledGate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x.mean((2, 3))).sigmoid()[:, :, None, None]


class OverPixels(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.mha = nn.MultiheadAttention(c, 4, batch_first=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        t = x.flatten(2).transpose(1, 2)
        return self.mha(t, t, t)[0].transpose(1, 2).reshape(x.shape)


class OverTokens(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        return nn.functional.scaled_dot_product_attention(q, k, v)


def test_a_gate_from_the_mean_compares_no_positions() -> None:
    finding = finding_of("attends", PooledGate)
    assert finding.status == "violated"
    assert "channel means" in finding.message


def test_a_pooled_vector_has_no_position_to_attend_from() -> None:
    finding = finding_of("attends", PooledVector)
    assert finding.status == "violated"
    assert finding.seen == "a function of channel means"


def test_multi_head_attention_over_pixels_attends() -> None:
    assert finding_of("attends", OverPixels).status == "holds"


def test_attention_over_tokens_attends() -> None:
    assert finding_of("attends", OverTokens, "tokens").status == "holds"


class Causal(OverTokens):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        return nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)


class MeanAdded(OverTokens):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.qkv(x).chunk(3, -1)[0] + x.mean(1, keepdim=True)


def test_causal_attention_attends_from_the_last_position() -> None:
    assert finding_of("attends", Causal, "tokens").status == "holds"


def test_the_mean_of_all_tokens_compares_none() -> None:
    assert finding_of("attends", MeanAdded, "tokens").status == "violated"
