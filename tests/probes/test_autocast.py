"""The module runs under automatic mixed precision."""

import torch
from torch import nn

from tests.deciding import finding_of


class WritesIntoFloat(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out = torch.empty_like(x)
        picked = torch.arange(x.shape[0])
        out.index_copy_(0, picked, self.fc(x))
        return out


class Concatenates(WritesIntoFloat):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([self.fc(x)[:1], self.fc(x)[1:]])


def test_writing_one_precision_into_another_is_found() -> None:
    assert finding_of("autocast", WritesIntoFloat).status == "violated"


def test_what_promotes_is_fine() -> None:
    assert finding_of("autocast", Concatenates).status == "holds"


class FarFromZero(WritesIntoFloat):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x + 1000) - self.fc(torch.full_like(x, 1000.0))


class InFloat(FarFromZero):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        with torch.autocast("cpu", enabled=False):
            return super().forward(x)


def test_what_rounding_does_not_explain_is_found() -> None:
    finding = finding_of("autocast", FarFromZero)
    assert finding.status == "violated"
    assert "rounding explains" in finding.message
    assert finding_of("autocast", InFloat).status == "holds"
