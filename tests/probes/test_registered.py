"""Whatever the output depends on is registered with the module."""

import torch
from torch import nn

from tests.deciding import finding_of


class LayersInList(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(c, c, 1)
        self.layers = [nn.Conv2d(c, c, 1) for _ in range(2)]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        for layer in self.layers:
            x = layer(x.float()).to(x.dtype)
        return x


class LayersInModuleList(LayersInList):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.layers = nn.ModuleList(self.layers)  # type: ignore[assignment]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.first(x)
        for layer in self.layers:
            x = layer(x)
        return x


class RegisteredTwice(LayersInModuleList):
    """The same layers once more in a plain list: they are registered."""

    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.order = list(self.layers)


class ParameterInDict(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.scales = {"gamma": nn.Parameter(torch.ones(c, 1, 1))}

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.scales["gamma"]


class PlainTable(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.table = torch.randn(c, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.table


class TableMoved(PlainTable):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.table.to(x.device, x.dtype)


class TableNotUsed(PlainTable):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 2


class Cache(PlainTable):
    """A table made at the first call, where the input is."""

    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.table = None  # type: ignore[assignment]

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if self.table is None or self.table.device != x.device:
            self.table = x.new_ones(x.shape[1], 1, 1)
        return x * self.table


def test_layers_in_a_list_are_found() -> None:
    finding = finding_of("registered", LayersInList)
    assert finding.status == "violated"
    assert finding.evidence["attribute"] == "layers"


def test_a_parameter_in_a_dict_is_found() -> None:
    assert finding_of("registered", ParameterInDict).evidence["attribute"] == "scales"


def test_a_plain_table_is_found() -> None:
    assert finding_of("registered", PlainTable).evidence["attribute"] == "table"


def test_registered_moved_and_unused_tables_are_fine() -> None:
    for module in (LayersInModuleList, RegisteredTwice, TableMoved, TableNotUsed, Cache):
        assert finding_of("registered", module).status == "holds", module
