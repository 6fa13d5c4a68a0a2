"""How a tensor lies in memory makes no difference."""

from typing import Any

import torch
from torch import nn

from tests.deciding import finding_of
from tests.source.marked import marked


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


class Scaled(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, gain: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x, gain)
        return x * gain

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        x, gain = ctx.saved_tensors
        flat = grads[0].view(-1, gain.numel())  # <- here
        return grads[0] * gain, (flat * x.reshape(-1, gain.numel())).sum(0)


class ViewsItsGradient(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.gain = nn.Parameter(torch.ones(c))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = Scaled.apply(x.softmax(1), self.gain)
        return y


class WritesIntoOne(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x[:, :1] += 1
        return x.softmax(1)


def test_a_view_of_a_gradient_is_found_with_its_line() -> None:
    finding = finding_of("memory-layout", ViewsItsGradient, "tokens")
    assert finding.status == "violated"
    assert "with transposed input backward raises" in finding.message
    assert finding.location is not None
    assert finding.location.line == marked(Scaled)


def test_one_sample_that_stands_for_a_batch_is_no_place_to_write_to() -> None:
    finding = finding_of("memory-layout", WritesIntoOne, "tokens")
    assert finding.status == "violated"
    assert "with expanded input" in finding.message
