"""Autograd's derivative is the derivative of what the module computes."""

import torch
from torch import nn

from tests.deciding import finding_of


class Gate(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc(x).sigmoid()


class HalfDetached(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.detach() * self.fc(x).sigmoid() + 0.5 * x


class WeightOfNorm(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = self.bn.weight.data.abs()
        return x * (self.bn(x) * (scale / scale.sum()).view(1, -1, 1, 1)).sigmoid()


class Kinks(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = nn.functional.max_pool2d(x, 3, 1, 1)
        return pooled.relu() * self.fc(x).abs()


class StableSoftmax(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.fc(x)
        weights = (scores - scores.amax(1, keepdim=True).detach()).exp()
        return x * weights / weights.sum(1, keepdim=True)


class WrongBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
        return x * x

    @staticmethod
    def backward(ctx: object, grad: torch.Tensor) -> torch.Tensor:  # type: ignore[override]
        return grad


class OwnFunction(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return WrongBackward.apply(self.fc(x))


def test_half_of_a_product_detached_is_found() -> None:
    finding = finding_of("finite-differences", HalfDetached)
    assert finding.status == "violated"
    assert finding.evidence["inputs"] == ["x"]


def test_the_data_of_a_weight_is_found() -> None:
    finding = finding_of("finite-differences", WeightOfNorm)
    assert finding.status == "violated"
    assert "bn.weight" in finding.evidence["parameters"]


def test_a_wrong_backward_is_found() -> None:
    assert finding_of("finite-differences", OwnFunction).status == "violated"


def test_kinks_and_a_detached_maximum_are_fine() -> None:
    for module in (Gate, Kinks, StableSoftmax):
        assert finding_of("finite-differences", module).status == "holds", module
