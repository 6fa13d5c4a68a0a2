"""A module that computes the mechanism is proven equal however it is written; no other is."""

import torch
from torch import nn
from torch.nn import functional

from tests.deciding import finding_of


class RawMatrices(nn.Module):
    """Bare matrices in both orientations, einsum, one bias."""

    def __init__(self, c: int, hidden: int) -> None:
        super().__init__()
        self.down = nn.Parameter(torch.randn(c, hidden))
        self.up = nn.Parameter(torch.randn(c, hidden))
        self.shift = nn.Parameter(torch.zeros(c))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = (x.mean((2, 3)) @ self.down).relu()
        gate = torch.einsum("bh,ch->bc", hidden, self.up) + self.shift
        return torch.einsum("bchw,bc->bchw", x, gate.sigmoid())


class ReversedConvolutions(nn.Module):
    """1×1 convolutions, declared in the other order."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.last = nn.Conv2d(c // 4, c, 1)
        self.first = nn.Conv2d(c, c // 4, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = functional.adaptive_avg_pool2d(x, 1)
        return self.last(self.first(pooled).relu()).sigmoid() * x


class FusedCrissCross(nn.Module):
    """Query, key and value from one convolution; einsum in place of matrix products."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.split = [c // 8, c // 8, c]
        self.qkv = nn.Conv2d(c, sum(self.split), 1)
        self.gamma = nn.Parameter(torch.zeros(()))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = x.shape[2]
        q, k, v = self.qkv(x).split(self.split, 1)
        column = torch.einsum("bchw,bcgw->bhwg", q, k)
        own = torch.eye(h, dtype=torch.bool, device=x.device)[None, :, None, :]
        row = torch.einsum("bchw,bchv->bhwv", q, k)
        weights = torch.cat([column.masked_fill(own, -torch.inf), row], -1).softmax(-1)
        out = torch.einsum("bhwg,bcgw->bchw", weights[..., :h], v)
        out = out + torch.einsum("bhwv,bchv->bchw", weights[..., h:], v)
        return x + self.gamma * out


class OneHead(nn.Module):
    def __init__(self, width: int, d: int) -> None:
        super().__init__()
        self.key, self.query = nn.Linear(width, d), nn.Linear(width, d)
        self.value = nn.Linear(width, d)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.query(x) @ self.key(x).mT / self.key.out_features**0.5
        return scores.softmax(-1) @ self.value(x)


class ListOfHeads(nn.Module):
    """A module per head, as tutorials have it."""

    def __init__(self, d_model: int, heads: int) -> None:
        super().__init__()
        self.heads = nn.ModuleList(OneHead(d_model, d_model // heads) for _ in range(heads))
        self.proj = nn.Linear(d_model, d_model)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.proj(torch.cat([head(x) for head in self.heads], -1))


class ListOfHeadsUnscaled(ListOfHeads):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        heads = [(h.query(x) @ h.key(x).mT).softmax(-1) @ h.value(x) for h in self.heads]  # type: ignore[operator]
        return self.proj(torch.cat(heads, -1))


class TiedQueryAndKey(nn.Module):
    """Queries and keys through the same matrix, under two names."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.q, self.k = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.v, self.o = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.k.weight, self.k.bias = self.q.weight, self.q.bias

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scores = self.q(x) @ self.k(x).mT / x.shape[-1] ** 0.5
        return self.o(scores.softmax(-1) @ self.v(x))


class FilterOverWindows(nn.Module):
    """The filter as a matrix over unfolded neighbours."""

    def __init__(self, k: int) -> None:
        super().__init__()
        self.filter = nn.Linear(k, 1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        k = self.filter.in_features
        lines = functional.pad(x.mean((2, 3)), (k // 2, k // 2)).unfold(1, k, 1)
        return x * self.filter(lines).sigmoid()[..., None]


class SigmoidTwice(ReversedConvolutions):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = functional.adaptive_avg_pool2d(x, 1)
        return self.last(self.first(pooled).relu()).sigmoid().sigmoid() * x


class GateOutOfTheGraph(ReversedConvolutions):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        pooled = functional.adaptive_avg_pool2d(x, 1)
        with torch.no_grad():
            gate = self.last(self.first(pooled).relu()).sigmoid()
        return gate * x


class SelfCountedTwice(FusedCrissCross):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        h = x.shape[2]
        q, k, v = self.qkv(x).split(self.split, 1)
        column = torch.einsum("bchw,bcgw->bhwg", q, k)
        row = torch.einsum("bchw,bchv->bhwv", q, k)
        weights = torch.cat([column, row], -1).softmax(-1)
        out = torch.einsum("bhwg,bcgw->bchw", weights[..., :h], v)
        out = out + torch.einsum("bhwv,bchv->bchw", weights[..., h:], v)
        return x + self.gamma * out


class LayerNeverUsed(ReversedConvolutions):
    def __init__(self, c: int) -> None:
        super().__init__(c)
        self.spare = nn.Conv2d(c, c, 3, padding=1)


class AnotherMechanism(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x + self.conv(x).tanh()


def test_bare_matrices_and_einsum_are_squeeze_and_excitation() -> None:
    finding = finding_of("equivalence", RawMatrices, "se", c=32, hidden=8)
    assert finding.status == "holds"
    assert finding.evidence["assignment"] == {
        "squeeze": "down (transposed)",
        "excite": "up",
    }


def test_the_order_of_declaration_does_not_matter() -> None:
    assert finding_of("equivalence", ReversedConvolutions, "se").status == "holds"


def test_a_fused_projection_is_read_in_its_declared_parts() -> None:
    finding = finding_of("equivalence", FusedCrissCross, "cca")
    assert finding.status == "holds"
    assert finding.evidence["assignment"]["key"].endswith("rows 4–7")


def _operators(name: str, factory: type[nn.Module], spec: str) -> set[str]:
    finding = finding_of("equivalence", factory, spec)
    assert finding.status == "violated", name
    return {mutant["operator"] for mutant in finding.evidence["diagnosis"]["mutants"]}


def test_a_list_of_heads_is_read_as_one_matrix_of_all() -> None:
    finding = finding_of("equivalence", ListOfHeads, "mha")
    assert finding.status == "holds", finding.message
    assert finding.evidence["assignment"]["query"].startswith("heads.*.query")


def test_a_scale_missing_in_a_list_of_heads_is_named() -> None:
    finding = finding_of("equivalence", ListOfHeadsUnscaled, "mha")
    assert finding.status == "violated"


def test_layers_tied_under_two_names_are_read_by_both() -> None:
    finding = finding_of("equivalence", TiedQueryAndKey, "mha", dims={"heads": 1})
    assert finding.status == "holds", finding.message


def test_a_matrix_over_windows_is_a_convolution() -> None:
    finding = finding_of("equivalence", FilterOverWindows, "eca")
    assert finding.status == "holds", finding.message


def test_a_sigmoid_applied_twice_is_named() -> None:
    assert "activation" in _operators("sigmoid twice", SigmoidTwice, "se")


def test_a_gate_out_of_the_graph_is_named_although_every_output_is_right() -> None:
    assert "gradient cut" in _operators("no_grad", GateOutOfTheGraph, "se")


def test_a_missing_diagonal_is_named_with_the_step_of_the_definition() -> None:
    finding = finding_of("equivalence", SelfCountedTwice, "cca")
    assert finding.status == "violated"
    assert "no_self" in finding.expected


def test_a_layer_besides_the_mechanism_is_named() -> None:
    finding = finding_of("equivalence", LayerNeverUsed, "se")
    assert finding.status == "violated"
    assert finding.evidence["parameters"] == ["spare.bias", "spare.weight"]


def test_another_mechanism_is_neither_equal_nor_accused() -> None:
    assert finding_of("equivalence", AnotherMechanism, "se").status == "undecided"
