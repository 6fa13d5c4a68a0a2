"""A causal mask that callers give is given: positions may mean nothing without it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.deciding import finding_of, subject_of


class FromTheStart(nn.Module):
    """ALiBi as m·j in place of -m·(i - j): the same of what a causal mask shows, and no other."""

    sign = 1.0

    def __init__(self, d_model: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.out = nn.Linear(d_model, 3 * d_model), nn.Linear(d_model, d_model)
        n = 2 ** (heads.bit_length() - 1)
        slopes = [2 ** (-8 * (i + 1) / n) for i in range(n)]
        slopes += [2 ** (-4 * (2 * i + 1) / n) for i in range(heads - n)]
        self.register_buffer("slopes", torch.tensor(slopes))

    def hidden(self, scores: Tensor, mask: Tensor | None) -> Tensor:
        return scores if mask is None else scores + mask

    def attend(self, x: Tensor, mask: Tensor | None) -> Tensor:
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        places = torch.arange(n, device=x.device)
        scores = q @ k.mT * q.shape[-1] ** -0.5 + self.sign * self.slopes[:, None, None] * places
        weights = self.hidden(scores, mask).softmax(-1)
        return self.out((weights @ v).transpose(1, 2).reshape(b, n, c))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.attend(x, mask)


class WrongWay(FromTheStart):
    sign = -1.0


class Needed(FromTheStart):
    """Needs its mask, (N, N, 1) with True for what is shown, and takes tokens first."""

    def hidden(self, scores: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        assert mask.shape[2] == 1
        return scores.masked_fill(mask[..., 0] == 0, float("-inf"))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.attend(x.transpose(0, 1), mask).transpose(0, 1)


class NeededWrongWay(Needed):
    sign = -1.0


class Ignored(FromTheStart):
    """Sees all there is, whatever the mask."""

    def hidden(self, scores: Tensor, mask: Tensor | None) -> Tensor:
        return scores


@pytest.mark.parametrize("module", [FromTheStart, Needed])
def test_what_is_right_under_the_mask_of_a_caller_is_proven(module: type[nn.Module]) -> None:
    finding = finding_of("equivalence", module, "alibi")
    assert finding.evidence.get("identity") == "proven", finding.message


@pytest.mark.parametrize("module", [WrongWay, NeededWrongWay, Ignored])
def test_what_is_wrong_under_it_too_is_not(module: type[nn.Module]) -> None:
    assert finding_of("equivalence", module, "alibi").status == "violated"


def test_who_states_a_mask_does_not_say_what_it_hides() -> None:
    stated = ("2x7x48", "mask=7x7:additive")
    assert finding_of("equivalence", FromTheStart, "alibi", inputs=stated).status == "holds"
    assert finding_of("equivalence", WrongWay, "alibi", inputs=stated).status == "violated"


def test_a_call_that_is_stated_is_taken_as_it_is() -> None:
    assert finding_of("equivalence", FromTheStart, "alibi", inputs=("2x7x48",)).status == "violated"
    assert not subject_of(FromTheStart, "alibi", inputs=("2x7x48",)).others
