"""How the cost grows with the number of positions."""

import torch
from torch import nn

from attncheck.data.report import Finding, Status
from tests.deciding import finding_of


class Linear(nn.Module):
    """Keys meet values first."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        return q.softmax(-1) @ (k.softmax(-2).mT @ v)


class LinearByEinsum(Linear):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        context = torch.einsum("bnd,bne->bde", k.softmax(1), v)
        return torch.einsum("bnd,bde->bne", q.softmax(-1), context)


class LinearInName(Linear):
    """The same numbers, quadratic."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.qkv(x).chunk(3, -1)
        return (q.softmax(-1) @ k.softmax(-2).mT) @ v


class Halved(Linear):
    """Every second token: a floor, no polynomial."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(x[:, ::2]).repeat_interleave(2, 1)[:, : x.shape[1]]


class RowAndColumn(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.qkv = nn.Conv2d(channels, 3 * channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (t.permute(0, 2, 3, 1) for t in self.qkv(x).chunk(3, 1))
        rows = (q @ k.mT).softmax(-1) @ v
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        return (rows + ((q @ k.mT).softmax(-1) @ v).transpose(1, 2)).permute(0, 3, 1, 2)


def order(factory: type, spec: str, order: str, of: str = "macs") -> Finding:
    return finding_of("complexity", factory, spec, parameters={"order": order, "of": of})


def test_linear_attention_is_linear_however_it_is_written() -> None:
    assert order(Linear, "tokens", "N").status is Status.HOLDS
    assert order(LinearByEinsum, "tokens", "N").status is Status.HOLDS


def test_keys_with_queries_first_are_quadratic() -> None:
    finding = order(LinearInName, "tokens", "N")
    assert finding.status is Status.VIOLATED
    assert finding.message == "macs = 192·N^2 + 13,824·N: they grow with N^2, not with N"


def test_memory_is_a_claim_of_its_own() -> None:
    assert order(LinearInName, "tokens", "N^2", "memory").status is Status.HOLDS
    assert order(Linear, "tokens", "N^2", "memory").status is Status.VIOLATED


def test_rows_and_columns_cost_the_square_root_more() -> None:
    assert order(RowAndColumn, "map", "N^1.5").status is Status.HOLDS
    assert order(RowAndColumn, "map", "N^2").status is Status.VIOLATED


def test_where_no_polynomial_fits_nothing_is_said() -> None:
    assert order(Halved, "tokens", "N").status is Status.UNDECIDED


class GateOfMeans(nn.Module):
    """Constant in the number of positions."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(channels, channels // 4), nn.Linear(channels // 4, channels)

    def gate(self, x: torch.Tensor) -> torch.Tensor:
        return self.up(self.down(x).relu()).sigmoid()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x.mean((2, 3)))[:, :, None, None]


class ByOuterProduct(GateOfMeans):
    """The gate is laid over the positions by a matrix product, which contracts nothing."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        ones = x.new_ones(len(x), 1, x[0, 0].numel())
        return x * (self.gate(x.mean((2, 3)))[..., None] @ ones).view_as(x)


class BehindAConvolution(GateOfMeans):
    """A block of a detector, with the gate at its end."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels)
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return super().forward(self.conv(x))


class GateOfEachPosition(GateOfMeans):
    """The layers run at every position; then the mean is taken."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.gate(x.movedim(1, -1)).mean((1, 2))[:, :, None, None]


def test_a_gate_of_means_is_constant_however_it_is_spread() -> None:
    assert order(GateOfMeans, "map", "1").status is Status.HOLDS
    assert order(ByOuterProduct, "map", "1").status is Status.HOLDS


def test_a_host_with_convolutions_of_its_own_is_passed_over() -> None:
    finding = order(BehindAConvolution, "map", "1")
    assert finding.status is Status.SKIPPED
    assert "'conv'" in finding.message


def test_layers_that_run_at_every_position_grow() -> None:
    assert order(GateOfEachPosition, "map", "1").status is Status.VIOLATED
