"""A mistake in how steps are put together is named by the mutant that it is."""

import inspect

import pytest
import torch
from torch import nn
from torch.nn import functional

from tests.deciding import finding_of


class Block(nn.Module):
    """CBAM in one class, whose steps its faulty children replace."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(c, c // 4), nn.ReLU(), nn.Linear(c // 4, c))
        self.mix = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def largest(self, x: torch.Tensor) -> torch.Tensor:
        return x.amax((2, 3))

    def channels(self, x: torch.Tensor) -> torch.Tensor:
        gate = (self.mlp(x.mean((2, 3))) + self.mlp(self.largest(x))).sigmoid()
        return gate[:, :, None, None]

    def spread(self, pooled: torch.Tensor) -> torch.Tensor:
        return self.mix(pooled)

    def positions(self, x: torch.Tensor) -> torch.Tensor:
        return self.spread(torch.stack((x.amax(1), x.mean(1)), 1)).sigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x * self.channels(x)
        return x * self.positions(x)


class Parallel(Block):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.channels(x) * self.positions(x)


class SigmoidPerBranch(Block):
    def channels(self, x: torch.Tensor) -> torch.Tensor:
        gate = self.mlp(x.mean((2, 3))).sigmoid() + self.mlp(self.largest(x)).sigmoid()
        return gate[:, :, None, None]


class MeanOfBranches(Block):
    def channels(self, x: torch.Tensor) -> torch.Tensor:
        gate = ((self.mlp(x.mean((2, 3))) + self.mlp(self.largest(x))) / 2).sigmoid()
        return gate[:, :, None, None]


class LargestInSize(Block):
    def largest(self, x: torch.Tensor) -> torch.Tensor:
        return x.abs().amax((2, 3))


class Least(Block):
    def largest(self, x: torch.Tensor) -> torch.Tensor:
        return x.amin((2, 3))


class WhereTheLargestIs(Block):
    """The other half of what ``torch.max`` returns."""

    def positions(self, x: torch.Tensor) -> torch.Tensor:
        where = x.max(1).indices.to(x.dtype)
        return self.spread(torch.stack((where, x.mean(1)), 1)).sigmoid()


class PerceptronOfTheSum(Block):
    def channels(self, x: torch.Tensor) -> torch.Tensor:
        return self.mlp(x.mean((2, 3)) + self.largest(x)).sigmoid()[:, :, None, None]


class TurnedUnderTheConvolution(Block):
    def spread(self, pooled: torch.Tensor) -> torch.Tensor:
        return self.mix(pooled.transpose(2, 3)).reshape(len(pooled), 1, *pooled.shape[2:])


class Replicated(Block):
    def spread(self, pooled: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(
            functional.pad(pooled, (3, 3, 3, 3), mode="replicate"), self.mix.weight
        )


class ActivationAfterTheSecondLayer(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(c, c // 4), nn.Linear(c // 4, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = self.up(self.down(x.mean((2, 3)))).relu().sigmoid()
        return x * gate[:, :, None, None]


class EpsOutsideTheFactor(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        square = (x - x.mean((2, 3), keepdim=True)) ** 2
        variance = square.sum((2, 3), keepdim=True) / (x.shape[2] * x.shape[3] - 1)
        return x * (square / (4 * variance + 1e-4) + 0.5).sigmoid()


class DistanceForSquare(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        square = (x - x.mean((2, 3), keepdim=True)).abs()
        variance = square.sum((2, 3), keepdim=True) / (x.shape[2] * x.shape[3] - 1)
        return x * (square / (4 * (variance + 1e-4)) + 0.5).sigmoid()


class Untied(Block):
    """Two perceptrons where the definition shares one."""

    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.other = nn.Sequential(nn.Linear(c, c // 4), nn.ReLU(), nn.Linear(c // 4, c))

    def channels(self, x: torch.Tensor) -> torch.Tensor:
        gate = (self.mlp(x.mean((2, 3))) + self.other(self.largest(x))).sigmoid()
        return gate[:, :, None, None]


class Dilated(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(1, 1, 3, padding=2, dilation=2, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.mix(x.mean((2, 3))[:, None]).sigmoid().mT[..., None]


class KernelPerChannel(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.mix = nn.Conv1d(c, c, 1, groups=c, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.mix(x.mean((2, 3))[:, :, None]).sigmoid()[..., None]


@pytest.mark.parametrize(
    ("faulty", "operator"),
    [
        (Parallel, "earlier tensor"),
        (SigmoidPerBranch, "activation before the sum"),
        (MeanOfBranches, "operand"),
        (LargestInSize, "statistic"),
        (Least, "statistic"),
        (WhereTheLargestIs, "statistic"),
        (PerceptronOfTheSum, "merged before the layers"),
        (TurnedUnderTheConvolution, "convolution"),
        (Replicated, "convolution"),
    ],
)
def test_a_mistake_in_the_blocks_steps_is_named(faulty: type[nn.Module], operator: str) -> None:
    finding = finding_of("equivalence", faulty, "cbam")
    assert finding.status == "violated"
    assert operator in {m["operator"] for m in finding.evidence["diagnosis"]["mutants"]}


@pytest.mark.parametrize(
    ("faulty", "spec", "operator"),
    [
        (ActivationAfterTheSecondLayer, "se", "activation moved"),
        (EpsOutsideTheFactor, "simam", "parentheses"),
        (DistanceForSquare, "simam", "operand"),
    ],
)
def test_a_step_in_the_wrong_place_is_named(
    faulty: type[nn.Module], spec: str, operator: str
) -> None:
    finding = finding_of("equivalence", faulty, spec)
    assert finding.status == "violated"
    assert operator in {m["operator"] for m in finding.evidence["diagnosis"]["mutants"]}


def test_the_block_without_a_mistake_is_equal() -> None:
    assert finding_of("equivalence", Block, "cbam").status == "holds"


@pytest.mark.parametrize(("faulty", "spec"), [(Untied, "cbam"), (KernelPerChannel, "eca")])
def test_a_width_that_no_tensor_has_explains_no_count(faulty: type[nn.Module], spec: str) -> None:
    formula = {
        "cbam": "2*C*h + bias*(h + C) + 2*k*k + spatial_bias + norm*2",
        "eca": "k + bias",
    }[spec]
    finding = finding_of("parameters", faulty, spec, parameters={"formula": formula})
    assert finding.status == "violated"


def test_the_line_that_calls_the_wrong_step_belongs_to_the_place() -> None:
    finding = finding_of("equivalence", Parallel, "cbam")
    calls = inspect.getsourcelines(Parallel.forward)[1] + 1
    assert finding.location is not None
    assert calls in {place.line for place in (finding.location, *finding.related)}


def test_the_line_that_makes_a_dilated_layer_belongs_to_the_place() -> None:
    finding = finding_of("equivalence", Dilated, "eca")
    made = inspect.getsourcelines(Dilated.__init__)[1] + 2
    assert made in {place.line for place in finding.related}
