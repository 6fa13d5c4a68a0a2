"""Step by step with a cache equals the full pass."""

import torch
from torch import Tensor
from torch.nn.functional import scaled_dot_product_attention

from tests.attention import Attention
from tests.deciding import finding_of

Past = tuple[Tensor, Tensor]


class Cached(Attention):
    def forward(self, x: Tensor, past: Past | None = None) -> tuple[Tensor, Past]:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        y = self.seen(q, k, v)
        return self.o(y.transpose(1, 2).flatten(2)), (k, v)

    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        n, m = q.shape[2], k.shape[2]
        visible = torch.ones(n, m, dtype=torch.bool).tril(m - n)
        return scaled_dot_product_attention(q, k, v, attn_mask=visible)


class AlignedToTheFirstKey(Cached):
    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v, is_causal=True)


class LooksAhead(Cached):
    def seen(self, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return scaled_dot_product_attention(q, k, v)


def test_a_mask_aligned_to_the_first_key_is_found() -> None:
    finding = finding_of("cache", AlignedToTheFirstKey, "tokens")
    assert finding.status == "violated"
    assert "3 steps" in finding.message


def test_a_mask_aligned_to_the_last_key_holds() -> None:
    assert finding_of("cache", Cached, "tokens").status == "holds"


def test_what_is_not_causal_or_keeps_nothing_is_skipped() -> None:
    assert finding_of("cache", LooksAhead, "tokens").status == "skipped"
    assert finding_of("cache", Attention, "tokens").status == "skipped"
