"""What a few tokens do not show is compared on more tokens than any number that is taken."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from attncheck.auditing.decide import decide
from attncheck.catalogue import load
from attncheck.data.report import Status
from attncheck.subject.prepare import Request, prepare


class Bucketed(nn.Module):
    """T5's encoder attention."""

    seen = 1_000_000

    def __init__(
        self, dim: int, heads: int, num_buckets: int = 32, max_distance: int = 128
    ) -> None:
        super().__init__()
        assert (num_buckets, max_distance) == (32, 128)
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim, bias=False) for _ in range(4))
        self.bias = nn.Embedding(32, heads)

    def bucket(self, n: int) -> Tensor:
        away = torch.arange(n)[None] - torch.arange(n)[:, None]
        far = away.abs().clamp(max=self.seen)
        large = (far.clamp(min=1).double() / 8).log() / math.log(128 / 8) * 8
        bucket = torch.where(far < 8, far, (large.long() + 8).clamp(max=15))
        return bucket + 16 * (away > 0).long()

    def forward(self, x: Tensor) -> Tensor:
        b, n, c = x.shape
        q, k, v = (
            f(x).view(b, n, self.heads, -1).transpose(1, 2) for f in (self.q, self.k, self.v)
        )
        scores = q @ k.transpose(-1, -2) + self.bias(self.bucket(n)).permute(2, 0, 1)
        out = scores.softmax(-1) @ v
        return self.o(out.transpose(1, 2).reshape(b, n, c))  # type: ignore[no-any-return]


class ShortSighted(Bucketed):
    seen = 30


class Limited(Bucketed):
    """Refuses to be longer than it is made for."""

    def bucket(self, n: int) -> Tensor:
        return torch.where(torch.ones(64, 64, dtype=torch.bool)[:n, :n], super().bucket(n), 0)


def test_a_length_at_which_it_raises_is_no_difference() -> None:
    assert equivalence(Limited) is Status.HOLDS


def equivalence(factory: type[nn.Module]) -> Status:
    request = Request("it", "it", factory=factory, arguments={})
    spec = load("t5-bias")
    subject, _ = prepare(spec.document, request)
    return decide("equivalence", spec.claims["equivalence"], subject).status


def test_a_fault_that_begins_far_away_is_seen() -> None:
    assert equivalence(ShortSighted) is Status.VIOLATED


def test_the_right_one_is_equal() -> None:
    assert equivalence(Bucketed) is Status.HOLDS
