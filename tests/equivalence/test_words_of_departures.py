"""What a departure is called: tied heads, the next token, positions off by one, half precision."""

import torch
from torch import nn

from attncheck.equivalence.choices import is_shifted, tied
from tests.deciding import finding_of


class Attention(nn.Module):
    def __init__(self, dim: int, num_heads: int = 3) -> None:
        super().__init__()
        self.heads = num_heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)

    def scores(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        return q @ k.mT * q.shape[-1] ** -0.5

    def mixed(self, weights: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return weights @ v

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        out = self.mixed(self.scores(q, k).softmax(-1), v)
        projected: torch.Tensor = self.out(out.transpose(1, 2).reshape(b, n, c))
        return projected


class Tied(Attention):
    def scores(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        return super().scores(q[:, :1].expand_as(q), k[:, :1].expand_as(k))


class Halved(Attention):
    def mixed(self, weights: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
        return (weights.half() @ v.half()).to(v.dtype)


class HalvedAndUnscaled(Halved):
    def scores(self, q: torch.Tensor, k: torch.Tensor) -> torch.Tensor:
        return q @ k.mT


def test_tied_heads_are_called_so() -> None:
    finding = finding_of("equivalence", Tied, spec="mha")
    assert finding.status == "violated"
    assert finding.message.startswith("heads that are tied")


def test_half_precision_is_the_difference_where_all_else_is_equal() -> None:
    finding = finding_of("equivalence", Halved, spec="mha")
    assert finding.status == "violated"
    assert "computed in float16 from here on" in finding.message
    assert finding.location is not None
    assert finding.seen == "float16"


def test_half_precision_excuses_no_other_difference() -> None:
    finding = finding_of("equivalence", HalvedAndUnscaled, spec="mha")
    assert "without the cast it is equal" not in finding.message
    assert finding_of("equivalence", Attention, spec="mha").status == "holds"


def test_heads_are_tied_only_where_the_definition_has_them_apart() -> None:
    apart = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    alike = apart[:, :1].expand_as(apart)
    assert tied(alike, apart)
    assert not tied(apart, apart)
    assert not tied(alike, alike), "so it is in the definition"
    assert not tied(alike[0], apart[0]), "three axes have no heads"


def test_positions_off_by_one_are_told_though_their_ends_are_cut() -> None:
    index = torch.arange(9.0)
    assert is_shifted(index, index + 1)
    assert is_shifted(index, (index - 1).clamp(min=0))
    assert not is_shifted(index, index + 2)
    assert not is_shifted(index, index.flip(0))
    assert not is_shifted(index, index)
