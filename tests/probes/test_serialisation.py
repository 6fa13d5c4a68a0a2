"""The module can be copied and pickled whole: a limit of use, and no fault."""

import pytest
import torch
from torch import nn

from tests.deciding import finding_of
from tests.source.marked import marked


class Gate(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.fc(x).sigmoid()


class KeepsGraph(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.gate = self.fc(x).sigmoid()
        return x * self.gate


class KeepsValues(Gate):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = self.fc(x).sigmoid()
        self.gate = gate.detach()
        return x * gate


class LambdaInside(Gate):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.act = lambda t: t.relu()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.fc(x))


def test_a_plain_module_is_copied() -> None:
    assert finding_of("serialisation", Gate).status == "holds"
    assert finding_of("serialisation", KeepsValues).status == "holds"


def test_a_kept_graph_is_a_limit_on_its_line() -> None:
    finding = finding_of("serialisation", KeepsGraph)
    assert finding.advice
    assert finding.limit == "serialisation"
    assert "copy.deepcopy after a forward that records gradients" in finding.message
    assert finding.location is not None, "the line that keeps it"


def test_a_lambda_is_a_limit() -> None:
    finding = finding_of("serialisation", LambdaInside)
    assert finding.status == "violated"
    assert finding.advice


def test_a_class_made_inside_a_function_is_not_pickled() -> None:
    class Local(Gate):
        pass

    assert finding_of("serialisation", Local).status == "holds"


class LocalPart(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()

        class Part(Gate):
            pass

        self.part = Part(c)  # <- here

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        out: torch.Tensor = self.part(x)
        return out


class LocalHook(Gate):
    def __init__(self, c: int) -> None:
        super().__init__(c)

        def clamped(module: nn.Module, inputs: object, output: torch.Tensor) -> torch.Tensor:
            return output.clamp(-6, 6)

        self.fc.register_forward_hook(clamped)  # <- here


@pytest.mark.parametrize("module", [LocalPart, LocalHook])
def test_what_is_made_inside_the_constructor_is_a_limit_on_its_line(module: type) -> None:
    finding = finding_of("serialisation", module)
    assert finding.status == "violated"
    assert "torch.save of the module raises" in finding.message
    assert finding.location is not None
    assert finding.location.line == marked(module)
