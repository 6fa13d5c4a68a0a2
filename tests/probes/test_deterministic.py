"""In eval mode the same input gives the same output."""

import torch
import torch.nn.functional as F
from torch import nn

from tests.deciding import finding_of


class DropsInEval(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.fc = nn.Conv2d(c, c, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.dropout(self.fc(x), 0.1)


class DropsInTraining(DropsInEval):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.dropout(self.fc(x), 0.1, training=self.training)


class OwnGenerator(DropsInEval):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        noise = torch.rand(x.shape[1], generator=torch.Generator().manual_seed(0))
        return self.fc(x) + 1e-3 * noise.to(x).view(1, -1, 1, 1)


def test_dropout_that_ignores_eval_is_found() -> None:
    assert finding_of("deterministic", DropsInEval).status == "violated"


def test_dropout_with_the_training_flag_is_fine() -> None:
    assert finding_of("deterministic", DropsInTraining).status == "holds"


def test_a_seeded_generator_of_its_own_is_fine() -> None:
    assert finding_of("deterministic", OwnGenerator).status == "holds"
