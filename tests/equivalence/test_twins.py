"""Of parts that are built alike, either may be the first that the definition reads."""

from torch import Tensor, nn

from attncheck.equivalence.search import exchanged
from tests.deciding import finding_of


class OneAxis(nn.Module):
    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads, self.scale = heads, (dim // heads) ** -0.5
        self.to_q = nn.Linear(dim, dim, bias=False)
        self.to_kv = nn.Linear(dim, 2 * dim, bias=False)
        self.to_out = nn.Linear(dim, dim)

    def forward(self, t: Tensor) -> Tensor:
        parts = (self.to_q(t), *self.to_kv(t).chunk(2, -1))
        q, k, v = (p.unflatten(-1, (self.heads, -1)).transpose(-2, -3) for p in parts)
        out = (q @ k.mT * self.scale).softmax(-1) @ v
        return self.to_out(out.transpose(-2, -3).flatten(-2))


class RowsAndColumns(nn.Module):
    """The sum of both, rows first, where our definition begins with the columns."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.rows, self.columns = OneAxis(dim, heads), OneAxis(dim, heads)

    def forward(self, x: Tensor) -> Tensor:
        rows = self.rows(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        return rows + self.columns(x.permute(0, 3, 2, 1)).permute(0, 3, 2, 1)


class RowsTwice(RowsAndColumns):
    def forward(self, x: Tensor) -> Tensor:
        rows, again = (f(x.permute(0, 2, 3, 1)) for f in (self.rows, self.columns))
        return (rows + again).permute(0, 3, 1, 2)


def test_twins_are_proven_in_either_place() -> None:
    finding = finding_of("equivalence", RowsAndColumns, "axial", dim=16, heads=2)
    assert finding.status == "holds"


def test_twins_on_one_axis_are_not_equal() -> None:
    finding = finding_of("equivalence", RowsTwice, "axial", dim=16, heads=2)
    assert finding.status != "holds"


def test_each_twin_takes_the_others_time() -> None:
    module = RowsAndColumns(4, 2)
    used = {name: at for at, (name, _) in enumerate(module.named_parameters())}
    (order,) = exchanged(module, used)
    assert order["columns.to_q.weight"] == used["rows.to_q.weight"] == 0
    assert order["rows.to_out.bias"] == used["columns.to_out.bias"]


def test_parts_of_other_sizes_are_no_twins() -> None:
    module = nn.ModuleList([OneAxis(4, 2), OneAxis(8, 2)])
    assert list(exchanged(module, {})) == []
