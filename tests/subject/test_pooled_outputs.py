"""An axis of one beside what is expected is no other output; one that is missing is."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.deciding import finding_of, subject_of


class Pooled(nn.Module):
    """Gated pooling of bags: the weights' axis of one stays, the width is the author's."""

    def __init__(self, L: int = 52, D: int = 16) -> None:
        super().__init__()
        self.v, self.u, self.w = nn.Linear(L, D), nn.Linear(L, D), nn.Linear(D, 1)

    def pool(self, weights: Tensor, x: Tensor) -> Tensor:
        return weights @ x

    def forward(self, x: Tensor) -> Tensor:
        scores = self.w(self.v(x).tanh() * self.u(x).sigmoid())
        return self.pool(scores.transpose(1, 2).softmax(-1), x)


class Squeezed(Pooled):
    def pool(self, weights: Tensor, x: Tensor) -> Tensor:
        return (weights @ x).squeeze()


class BesideEachOther(nn.Module):
    """Scores of a state and of annotations twice as wide, side by side, time first."""

    def __init__(self, enc_hid_dim: int, dec_hid_dim: int) -> None:
        super().__init__()
        self.attn = nn.Linear(2 * enc_hid_dim + dec_hid_dim, dec_hid_dim)
        self.v = nn.Linear(dec_hid_dim, 1, bias=False)

    def forward(self, hidden: Tensor, encoder_outputs: Tensor) -> Tensor:
        notes = encoder_outputs.transpose(0, 1)
        state = hidden[:, None].expand(-1, notes.shape[1], -1)
        scores = self.v(self.attn(torch.cat((state, notes), 2)).tanh())
        return (scores.softmax(1).transpose(1, 2) @ notes).transpose(0, 1)


class Seeds(nn.Module):
    """Pooling by learned queries, one of them unless the constructor is told."""

    seeds = 1

    def __init__(self, dim: int, num_heads: int) -> None:
        super().__init__()
        self.h = num_heads
        self.s = nn.Parameter(torch.randn(1, self.seeds, dim))
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))

    def cut(self, t: Tensor) -> Tensor:
        return t.unflatten(2, (self.h, -1)).transpose(1, 2)

    def forward(self, x: Tensor) -> Tensor:
        q = self.q(self.s.expand(len(x), -1, -1))
        scores = self.cut(q) @ self.cut(self.k(x)).mT / q.shape[2] ** 0.5
        h = q + (scores.softmax(-1) @ self.cut(self.v(x))).transpose(1, 2).flatten(2)
        return h + self.o(h).relu()


class FiveSeeds(Seeds):
    seeds = 5


class OneTooFew(Seeds):
    def __init__(self, dim: int, num_heads: int, num_seeds: int) -> None:
        self.seeds = num_seeds - 1
        super().__init__(dim, num_heads)


@pytest.mark.parametrize(("factory", "seeds"), [(Seeds, 1), (FiveSeeds, 5)])
def test_a_size_that_the_output_alone_has_is_as_the_module_answers(
    factory: type[nn.Module], seeds: int
) -> None:
    subject = subject_of(factory, "pma")
    assert subject.dims["K"] == seeds
    assert "K" in subject.pinned
    for claim in ("shape", "equivalence"):
        assert finding_of(claim, factory, "pma").status == "holds"


def test_a_size_that_the_constructor_is_given_is_not_read_from_the_output() -> None:
    assert subject_of(OneTooFew, "pma").dims["K"] == 3
    assert finding_of("shape", OneTooFew, "pma").status == "violated"


def test_an_axis_of_one_more_is_the_same_output_at_the_authors_width() -> None:
    assert subject_of(Pooled, "attention-pooling").dims["C"] == 52
    for claim in ("shape", "equivalence"):
        assert finding_of(claim, Pooled, "attention-pooling").status == "holds"


def test_a_batch_of_one_that_is_squeezed_away_is_told() -> None:
    assert finding_of("shape", Squeezed, "attention-pooling").status == "violated"


def test_the_width_of_one_of_two_inputs_side_by_side_is_what_the_other_leaves() -> None:
    subject = subject_of(BesideEachOther, "bahdanau")
    assert subject.dims["D"] == 2 * subject.dims["C"]
    assert finding_of("equivalence", BesideEachOther, "bahdanau").status == "holds"
