"""A sample's output does not depend on its batch mates."""

import torch
from torch import nn

from tests.deciding import finding_of


class SoftmaxOverBatch(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.score = nn.Conv2d(c, 1, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.score(x).softmax(0)


class GatePerSample(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Linear(c, c)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("bchw,bc->bchw", x, self.fc(x.flatten(2).mean(-1)).sigmoid())


def test_a_softmax_over_the_batch_is_found() -> None:
    finding = finding_of("batch-independence", SoftmaxOverBatch)
    assert finding.status == "violated"
    assert finding.witness is not None
    assert finding.witness.confirmed


def test_a_gate_per_sample_is_independent() -> None:
    assert finding_of("batch-independence", GatePerSample).status == "holds"


class AllAttendToTheFirst(nn.Module):
    """Keys and values of the first sample alone, spread over the batch."""

    def __init__(self, c: int) -> None:
        super().__init__()
        self.project = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        tokens = self.project(x).flatten(2)
        weights = (tokens.mT @ tokens[:1]).softmax(-1)
        return (weights @ tokens[:1].mT).mT.reshape(x.shape)


def test_samples_that_all_read_the_first_one_are_found() -> None:
    finding = finding_of("batch-independence", AllAttendToTheFirst)
    assert finding.status == "violated"
    assert "last sample" in finding.message
