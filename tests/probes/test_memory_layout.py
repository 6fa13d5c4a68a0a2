"""How a tensor lies in memory makes no difference."""

import torch
from torch import nn

from tests.deciding import finding_of


class Views(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, _, _ = x.shape
        return x * self.fc(x.view(b, c, -1).mean(-1)).view(b, c, 1, 1)


class Flattens(Views):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc(x.flatten(2).mean(-1))[..., None, None]


class ReadsStorage(Views):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        flat = torch.as_strided(x, (x.shape[0], x.shape[1]), (x.shape[1], 1))
        return x * self.fc(flat)[..., None, None]


def test_view_on_other_layouts_is_found_and_flatten_is_fine() -> None:
    finding = finding_of("memory-layout", Views)
    assert finding.status == "violated"
    assert "view size" in finding.message
    assert finding_of("memory-layout", Flattens).status == "holds"


def test_a_refused_layout_is_a_limit_of_use() -> None:
    finding = finding_of("memory-layout", Views)
    assert finding.advice
    assert finding.limit == "memory-layout"


def test_another_result_is_a_violation_in_any_case() -> None:
    finding = finding_of("memory-layout", ReadsStorage)
    assert finding.status == "violated"
    assert "differs" in finding.message
