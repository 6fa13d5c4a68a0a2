"""An axis of one beside what is expected is no other output; one that is missing is."""

from __future__ import annotations

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
