"""A width may be one: vectors of groups with a single channel each are vectors still."""

import pytest
import torch
from torch import nn

from tests.deciding import finding_of


class Shuffled(nn.Module):
    def __init__(self, channels: int, groups: int, *, same_half: bool = False) -> None:
        super().__init__()
        self.groups, self.same_half = groups, same_half
        n = channels // (2 * groups)
        self.w, self.v = (nn.Parameter(torch.zeros(1, n, 1, 1)) for _ in range(2))
        self.b, self.c = (nn.Parameter(torch.ones(1, n, 1, 1)) for _ in range(2))
        self.norm = nn.GroupNorm(n, n)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, c, h, w = x.shape
        first, second = x.reshape(b * self.groups, -1, h, w).chunk(2, 1)
        second = first if self.same_half else second
        mean = first.mean((2, 3), keepdim=True)
        first = first * torch.sigmoid(self.w * mean + self.b)
        second = second * torch.sigmoid(self.v * self.norm(second) + self.c)
        joined = torch.cat((first, second), 1).reshape(b, 2, c // 2, h, w)
        return joined.transpose(1, 2).reshape(x.shape)


@pytest.mark.parametrize(("channels", "groups"), [(16, 8), (32, 8)])
def test_groups_of_any_width_are_shuffle_attention(channels: int, groups: int) -> None:
    finding = finding_of("equivalence", Shuffled, "shuffle", channels=channels, groups=groups)
    assert finding.status == "holds", finding.message


def test_a_half_gated_twice_is_seen_in_groups_of_one_channel() -> None:
    arguments = {"channels": 16, "groups": 8, "same_half": True}
    assert finding_of("equivalence", Shuffled, "shuffle", **arguments).status != "holds"
