"""The module can be saved, loaded and copied."""

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
    assert finding_of("stored-state", Gate).status == "holds"


def test_a_name_that_is_not_ascii_is_saved() -> None:
    assert finding_of("stored-state", Größe).status == "holds"


def test_a_random_table_that_is_not_saved_is_found() -> None:
    assert finding_of("stored-state", UnsavedTable).status == "violated"
    assert finding_of("stored-state", MaskAgain).status == "holds"


def test_a_class_made_inside_a_function_is_not_pickled() -> None:
    class Local(Gate):
        pass

    assert finding_of("stored-state", Local).status == "holds"


class MadeByACall(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if not hasattr(self, "scale"):
            self.register_buffer("scale", torch.ones(x.shape[1], 1, 1))  # <- here
        return self.fc(x) * self.scale


def test_a_buffer_that_a_call_makes_is_named_with_its_line() -> None:
    finding = finding_of("stored-state", MadeByACall)
    assert finding.status == "violated"
    assert "Error(s) in loading state_dict" in finding.message
    assert finding.location is not None
    assert finding.location.line == marked(MadeByACall)
