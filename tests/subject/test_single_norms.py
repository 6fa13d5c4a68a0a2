"""A norm that casts to float32 on its way is tried in double precision all the same."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from tests.deciding import subject_of


class SingleNorm(nn.LayerNorm):
    """CLIP's: in half precision it computes in single."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.float()).type(x.dtype)


class Normed(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.norm, self.mix = SingleNorm(dim), nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(self.norm(x))


class SingleTable(nn.Module):
    """What is single for another reason stays so."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.mix = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        return self.mix(x) @ torch.eye(x.shape[-1], dtype=torch.float32)


def test_a_norm_in_single_precision_is_tried_in_double() -> None:
    subject = subject_of(Normed, "tokens")
    assert (subject.dtype, subject.widened) == ("float64", True)


def test_what_is_single_for_another_reason_stays_so() -> None:
    subject = subject_of(SingleTable, "tokens")
    assert (subject.dtype, subject.widened) == ("float32", False)
