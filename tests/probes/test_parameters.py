"""The parameter count equals a closed form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from attncheck.data.report import Finding
from tests.deciding import finding_of

SPEC = str(Path(__file__).parents[1] / "instruments" / "counting" / "gate.toml")
SE = {"formula": "2*C*h + squeeze_bias*h + excite_bias*C"}
CBAM = {"formula": "2*C*h + bias*(h + C) + 2*k*k + norm*2"}


def gate(x: torch.Tensor, layers: nn.Module) -> torch.Tensor:
    return x * layers(x.mean((2, 3), keepdim=True)).sigmoid()


class Convolutions(nn.Module):
    """Squeeze-and-excitation by 1×1 convolutions without biases; fixes its reduction itself."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Sequential(
            nn.Conv2d(c, c // 2, 1, bias=False), nn.ReLU(), nn.Conv2d(c // 2, c, 1, bias=False)
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return gate(x, self.fc)


class Rounded(nn.Module):
    """Rounds its hidden width to eight, at least."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        hidden = max(8, channels // reduction + 1)
        self.fc = nn.Sequential(nn.Conv2d(channels, hidden, 1), nn.Conv2d(hidden, channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return gate(x, self.fc)


class NoReduction(nn.Module):
    def __init__(self, channels: int, reduction: int = 4) -> None:
        super().__init__()
        self.a = nn.Conv2d(channels, channels, 1)
        self.b = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return gate(x, nn.Sequential(self.a, self.b))


class NeverCalled(Convolutions):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.proj = nn.Conv2d(c, c, 3)


class Host(Convolutions):
    """A block with a convolution of its own before the attention."""

    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.proj = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return gate(self.proj(x), self.fc)


class Frozen(Convolutions):
    """Keeps a constant as a parameter that does not learn."""

    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.scale = nn.Parameter(torch.ones(()), requires_grad=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.scale * super().forward(x)


class Tied(nn.Module):
    """Registers its two layers under two names each."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(c, c // 4), nn.Linear(c // 4, c)
        self.layers = nn.ModuleList([self.a, self.b])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.b(self.a(x.mean((2, 3))).relu()).sigmoid()[:, :, None, None]


class TwoMLPs(nn.Module):
    """Channel attention with an MLP for the mean and another one for the maximum."""

    def __init__(self, c: int, r: int = 4) -> None:
        super().__init__()
        self.mean, self.most = (
            nn.Sequential(nn.Linear(c, c // r), nn.ReLU(), nn.Linear(c // r, c)) for _ in range(2)
        )
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        both = self.mean(x.mean((2, 3))) + self.most(x.amax((2, 3)))
        x = x * both.sigmoid()[:, :, None, None]
        return x * self.conv(torch.stack([x.mean(1), x.amax(1)], 1)).sigmoid()


class OneBias(nn.Module):
    """Channel attention whose second layer alone has a bias."""

    def __init__(self, c: int, r: int = 4) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(c, c // r, bias=False), nn.ReLU(), nn.Linear(c // r, c))
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        both = self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3)))
        x = x * both.sigmoid()[:, :, None, None]
        return x * self.conv(torch.stack([x.mean(1), x.amax(1)], 1)).sigmoid()


def parameters(factory: Any, **claim: Any) -> Finding:
    return finding_of("parameters", factory, SPEC, parameters=claim or SE)


def test_a_reduction_of_its_own_is_found() -> None:
    finding = parameters(Convolutions)
    assert finding.status == "holds"
    assert "squeeze_bias = false, excite_bias = false, r = 2" in finding.message


def test_a_layer_that_is_never_called_is_too_many() -> None:
    finding = parameters(NeverCalled)
    assert finding.status == "violated"
    assert finding.evidence["count"] == 2 * 32 * 16 + 32 * 32 * 9 + 32
    assert {"name": "proj.weight", "shape": [32, 32, 3, 3], "numel": 9216} in finding.evidence[
        "parameters"
    ]


def test_a_layer_that_ignores_the_reduction_is_found() -> None:
    finding = parameters(NoReduction)
    assert finding.status == "violated"
    assert "552" in finding.expected


def test_a_width_that_is_rounded_is_the_modules_own() -> None:
    finding = parameters(Rounded)
    assert finding.status == "holds"
    assert "h = 8 is the module's own, the spec has 4" in finding.message


def test_a_host_with_a_layer_of_its_own_is_not_accused() -> None:
    finding = parameters(Host)
    assert finding.status == "skipped"
    assert "'proj' holds 9,248 parameters" in finding.message


def test_a_frozen_parameter_may_be_left_out() -> None:
    assert parameters(Frozen).status == "holds"


def test_two_names_of_one_layer_count_once() -> None:
    assert parameters(Tied).status == "holds"


def test_an_mlp_that_should_be_shared_is_no_host() -> None:
    finding = parameters(TwoMLPs, **CBAM)
    assert finding.status == "violated"
    assert "as many as 'mean' holds" in finding.message


def test_biases_in_some_layers_are_the_same_mechanism() -> None:
    finding = parameters(OneBias, **CBAM)
    assert finding.status == "holds"
    assert "biases in some layers only" in finding.message
