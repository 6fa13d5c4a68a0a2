"""The module works on whichever device it is moved to."""

import torch
from torch import nn

from tests.deciding import finding_of


class MaskOnTheCpu(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) + torch.zeros(x.shape[-1], dtype=x.dtype)


class MaskBesideInput(MaskOnTheCpu):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) + torch.zeros(x.shape[-1], dtype=x.dtype, device=x.device)


class LayerInForward(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.c = c

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return nn.Conv2d(self.c, self.c, 1).to(x.dtype)(x)


class HardCoded(MaskOnTheCpu):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) + torch.zeros(x.shape[-1]).cuda()


class BranchesOnValues(MaskOnTheCpu):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) if x.mean().item() > 0 else -self.fc(x)


def test_a_constant_on_the_cpu_is_found() -> None:
    assert finding_of("device", MaskOnTheCpu).status == "violated"
    assert finding_of("device", MaskBesideInput).status == "holds"


def test_a_layer_that_forward_builds_is_found() -> None:
    assert finding_of("device", LayerInForward).status == "violated"


def test_a_hard_coded_device_is_found() -> None:
    if not torch.cuda.is_available():
        assert finding_of("device", HardCoded).status == "violated"


def test_reading_values_is_no_fault() -> None:
    assert finding_of("device", BranchesOnValues).status == "skipped"
