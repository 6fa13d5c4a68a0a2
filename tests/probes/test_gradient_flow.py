"""Every parameter and every data input gets gradient."""

import torch
from torch import nn

from tests.deciding import finding_of


class Gate(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(c, 2), nn.Linear(2, c)

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(self.down(x.mean((2, 3))).relu()).sigmoid()[..., None, None]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x)


class DetachedGate(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x).data


class InputCut(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.detach() * self.gate(x.detach())


class Attention(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def split(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return self.qkv(x).chunk(3, -1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.split(x)
        return self.out((q @ k.mT / 5).softmax(-1) @ v)


class DetachedKeys(Attention):
    def split(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        q, k, v = self.qkv(x).chunk(3, -1)
        return q, k.detach(), v


class NormedSum(Attention):
    """The sum of a LayerNorm has no gradient: a plain sum would see nothing."""

    def __init__(self, dim: int) -> None:
        super().__init__(dim)
        self.norm = nn.LayerNorm(dim, elementwise_affine=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(super().forward(x))


class FrozenZero(Gate):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.gamma = nn.Parameter(torch.zeros(1), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.gamma * self.gate(x) * x


class LearnedZero(FrozenZero):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.gamma.requires_grad_(True)


class FrozenTable(Gate):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.table = nn.Parameter(torch.randn(c, 1, 1), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x + self.table)


class DeadUnit(Gate):
    """A ReLU that never opens has no gradient, and no influence nearby either."""

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        return self.up((self.down(x.mean((2, 3))) - 50).relu()).sigmoid()[..., None, None]


class DetachedMaximum(Attention):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.split(x)
        scores = q @ k.mT / 5
        weights = (scores - scores.amax(-1, keepdim=True).detach()).exp()
        return self.out(weights / weights.sum(-1, keepdim=True) @ v)


def test_a_gate_through_data_is_found() -> None:
    finding = finding_of("gradient-flow", DetachedGate)
    assert finding.status == "violated"
    assert "up.weight" in finding.evidence["parameters"]


def test_an_input_that_is_cut_is_found() -> None:
    finding = finding_of("gradient-flow", InputCut)
    assert finding.status == "violated"
    assert finding.evidence["inputs"] == ["x"]


def test_a_third_of_a_fused_projection_is_found() -> None:
    finding = finding_of("gradient-flow", DetachedKeys, "tokens")
    assert finding.status == "violated"
    assert "rows 48 to 95 of 'qkv.weight'" in finding.message


def test_a_frozen_zero_that_holds_others_is_found() -> None:
    finding = finding_of("gradient-flow", FrozenZero)
    assert finding.status == "violated"
    assert finding.evidence["parameters"] == ["gamma"]


def test_correct_modules_are_fine() -> None:
    for module in (Gate, LearnedZero, FrozenTable, DeadUnit):
        assert finding_of("gradient-flow", module).status == "holds", module
    for module in (Attention, NormedSum, DetachedMaximum):
        assert finding_of("gradient-flow", module, "tokens").status == "holds", module
