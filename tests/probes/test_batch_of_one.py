"""Training works with a single sample."""

import torch
from torch import nn

from tests.deciding import finding_of


class NormOfPooled(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(c, c, 1), nn.BatchNorm2d(c), nn.Sigmoid()
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)


class NormOfMap(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.gate = nn.Sequential(nn.Conv2d(c, c, 1), nn.BatchNorm2d(c), nn.Sigmoid())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)


def test_batchnorm_on_a_pooled_vector_is_found() -> None:
    finding = finding_of("batch-of-one", NormOfPooled)
    assert finding.status == "violated"
    assert "more than 1 value" in finding.message


def test_batchnorm_on_a_map_is_fine() -> None:
    assert finding_of("batch-of-one", NormOfMap).status == "holds"
