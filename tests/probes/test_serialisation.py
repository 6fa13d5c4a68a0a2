"""The module can be saved, loaded and copied."""

import torch
from torch import nn

from tests.deciding import finding_of


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


class UnsavedTable(Gate):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.register_buffer("table", torch.randn(c, 1, 1), persistent=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc(x) * self.table


class Größe(Gate):
    """Its name is not ASCII."""


class MaskAgain(UnsavedTable):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.register_buffer("table", torch.ones(c, 1, 1), persistent=False)


def test_a_plain_module_is_saved() -> None:
    assert finding_of("serialisation", Gate).status == "holds"
    assert finding_of("serialisation", KeepsValues).status == "holds"


def test_a_name_that_is_not_ascii_is_saved() -> None:
    assert finding_of("serialisation", Größe).status == "holds"


def test_a_kept_graph_is_something_to_know_and_no_fault() -> None:
    finding = finding_of("serialisation", KeepsGraph)
    assert finding.advice
    assert "copy.deepcopy after a forward that records gradients" in finding.message
    assert finding.location is not None, "the line that keeps it"


def test_what_cannot_be_copied_at_all_is_a_fault() -> None:
    finding = finding_of("serialisation", LambdaInside)
    assert finding.status == "violated"
    assert not finding.advice


def test_a_lambda_is_found() -> None:
    assert "torch.save" in finding_of("serialisation", LambdaInside).message


def test_a_random_table_that_is_not_saved_is_found() -> None:
    assert finding_of("serialisation", UnsavedTable).status == "violated"
    assert finding_of("serialisation", MaskAgain).status == "holds"


def test_a_class_made_inside_a_function_is_not_pickled() -> None:
    class Local(Gate):
        pass

    assert finding_of("serialisation", Local).status == "holds"
