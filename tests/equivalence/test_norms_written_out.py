"""Batch and group norms of bare parameters are the definition's norms where they compute them."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from attncheck.catalogue import load
from attncheck.equivalence.kinds import Layers
from attncheck.signature.resolve import resolve
from attncheck.subject.sampling import randomise
from tests.deciding import finding_of


class Functional(nn.Module):
    """NAM of a bare weight, a bare bias and two buffers."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def normed(self, x: torch.Tensor) -> torch.Tensor:
        kept = self.running_mean, self.running_var
        return F.batch_norm(x, *kept, self.weight, self.bias, self.training, 0.1, 1e-5)

    def shares(self) -> torch.Tensor:
        return self.weight.abs() / self.weight.abs().sum()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * torch.sigmoid(self.shares()[:, None, None] * self.normed(x))


class Signed(Functional):
    def shares(self) -> torch.Tensor:
        return self.weight / self.weight.sum()


class WrittenOut(nn.Module):
    """A batch norm as a layer of its own, in the shape of the map."""

    unbiased, centred = False, True

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.ones(1, channels, 1, 1))
        self.beta = nn.Parameter(torch.zeros(1, channels, 1, 1))
        self.register_buffer("moving_mean", torch.zeros(1, channels, 1, 1))
        self.register_buffer("moving_var", torch.ones(1, channels, 1, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        mean, var = self.moving_mean, self.moving_var
        if self.training:
            mean = x.mean((0, 2, 3), keepdim=True)
            var = x.var((0, 2, 3), keepdim=True, unbiased=self.unbiased)
        elif not self.centred:
            mean = torch.zeros_like(mean)
        return self.gamma * (x - mean) * torch.rsqrt(var + 1e-5) + self.beta


class Unbiased(WrittenOut):
    unbiased = True


class NotCentred(WrittenOut):
    """Its running mean is forgotten: only drawn statistics show that."""

    centred = False


class OfLayers(nn.Module):
    layer: type[WrittenOut] = WrittenOut

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.bn = self.layer(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scale = self.bn.gamma.abs()
        return x * (self.bn(x) * scale / scale.sum()).sigmoid()


class OfUnbiased(OfLayers):
    layer = Unbiased


class OfNotCentred(OfLayers):
    layer = NotCentred


class Shuffle(nn.Module):
    """Shuffle attention, its group norm of two bare vectors."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        self.groups, n = groups, channels // (2 * groups)
        self.cweight, self.sweight = (nn.Parameter(torch.zeros(1, n, 1, 1)) for _ in range(2))
        self.cbias, self.sbias = (nn.Parameter(torch.ones(1, n, 1, 1)) for _ in range(2))
        self.gn_weight = nn.Parameter(torch.ones(n))
        self.gn_bias = nn.Parameter(torch.zeros(n))

    def normed(self, x: torch.Tensor) -> torch.Tensor:
        return F.group_norm(x, x.shape[1], self.gn_weight, self.gn_bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        a, s = x.view(b * self.groups, -1, h, w).chunk(2, 1)
        a = a * torch.sigmoid(self.cweight * a.mean((2, 3), keepdim=True) + self.cbias)
        s = s * torch.sigmoid(self.sweight * self.normed(s) + self.sbias)
        joined = torch.cat((a, s), 1).view(b, 2, c // 2, h, w)
        return joined.transpose(1, 2).reshape(b, c, h, w)


class ShuffleByHand(Shuffle):
    def normed(self, x: torch.Tensor) -> torch.Tensor:
        away = x - x.mean((2, 3), keepdim=True)
        unit = away / (away.square().mean((2, 3), keepdim=True) + 1e-5).sqrt()
        return unit * self.gn_weight[:, None, None] + self.gn_bias[:, None, None]


class ShuffleOfHalves(Shuffle):
    def normed(self, x: torch.Tensor) -> torch.Tensor:
        return F.group_norm(x, 1, self.gn_weight, self.gn_bias)


@pytest.mark.parametrize(
    ("module", "spec"),
    [(Functional, "nam"), (OfLayers, "nam"), (Shuffle, "shuffle"), (ShuffleByHand, "shuffle")],
)
def test_a_norm_of_bare_parameters_is_proven(module: type[nn.Module], spec: str) -> None:
    found = finding_of("equivalence", module, spec)
    assert found.status == "holds", found.message
    assert found.evidence["identity"] == "proven"


@pytest.mark.parametrize(
    ("module", "spec"),
    [
        (Signed, "nam"),
        (OfUnbiased, "nam"),
        (OfNotCentred, "nam"),
        (ShuffleOfHalves, "shuffle"),
    ],
)
def test_one_that_computes_something_else_is_not(module: type[nn.Module], spec: str) -> None:
    assert finding_of("equivalence", module, spec).status == "violated"


def test_running_statistics_are_drawn_whatever_their_names_and_constants_are_not() -> None:
    module = WrittenOut(4)
    module.register_buffer("mean", torch.tensor([0.4, 0.5]))
    module.register_buffer("meaning", torch.zeros(2))
    randomise(module, 3)
    assert bool(module.moving_mean.all())
    assert not bool((module.moving_var == 1).any())
    assert module.mean.tolist() == pytest.approx([0.4, 0.5])
    assert not bool(module.meaning.any())


@pytest.mark.parametrize(("module", "spec"), [(Functional, "nam"), (Shuffle, "shuffle")])
def test_its_shift_is_no_layer_of_its_own(module: type[nn.Module], spec: str) -> None:
    definition = resolve(load(spec).document.reference)
    assert not Layers(module(*[32, 4][: 1 + (spec == "shuffle")])).rule_out(definition)
