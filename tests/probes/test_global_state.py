"""A call leaves the rest of the program as it was."""

import warnings

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from tests.deciding import finding_of


class Plain(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x)


class Draws(Plain):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) + torch.rand_like(x)


class Reseeds(Plain):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(0)
        return self.fc(x)


class ReseedsWhenBuilt(Plain):
    def __init__(self, c: int) -> None:
        torch.manual_seed(42)
        super().__init__(c)


class SetsDefaultDtype(Plain):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.set_default_dtype(torch.float16)
        return self.fc(x)


class SwitchesGradientsOff(Plain):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        torch.set_grad_enabled(False)
        return self.fc(x)


class Patches(Plain):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        F.softsign = lambda t: t / (1 + t.abs())  # type: ignore[assignment]
        return self.fc(x)


class Silences(Plain):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        warnings.filterwarnings("ignore", message="whatever")
        return self.fc(x)


class Prints(Plain):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        print("shape", x.shape)
        return self.fc(x)


def test_a_module_that_minds_its_own_business_is_fine() -> None:
    assert finding_of("global-state", Plain).status == "holds"
    assert finding_of("global-state", Draws).status == "holds"


def test_reseeding_is_found() -> None:
    assert finding_of("global-state", Reseeds).status == "violated"
    assert finding_of("global-state", ReseedsWhenBuilt).status == "violated"


def test_switches_are_found_and_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(F, "softsign", F.softsign)  # put back afterwards
    for module, word in (
        (SetsDefaultDtype, "default dtype"),
        (SwitchesGradientsOff, "grad mode"),
        (Patches, "softsign"),
        (Silences, "warning filters"),
    ):
        finding = finding_of("global-state", module)
        assert finding.status == "violated", module
        assert word in finding.message
        assert torch.get_default_dtype() is torch.float32
        assert torch.is_grad_enabled()


def test_printing_is_noted() -> None:
    finding = finding_of("global-state", Prints)
    assert finding.status == "holds"
    assert "shape" in finding.evidence["prints"]


def test_what_its_package_replaced_at_import_is_not_the_modules_doing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def ours(t: torch.Tensor) -> torch.Tensor:
        return t / (1 + t.abs())

    ours.__module__ = "tests.patches"
    monkeypatch.setattr(F, "softsign", ours)
    assert finding_of("global-state", Plain).status == "holds"
    assert F.softsign is ours
    ours.__module__ = __name__
    assert "its file replaces" in finding_of("global-state", Plain).message
    assert finding_of("global-state", Patches).status == "violated"
