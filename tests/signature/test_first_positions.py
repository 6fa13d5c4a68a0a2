"""A decoder is told where a call begins; its caches may be plain tensors."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.deciding import finding_of


class Cached(nn.Module):
    """Grouped-query attention in the style of the first Llama ports."""

    late = 0

    def __init__(self, dim: int, n_heads: int = 4, max_batch: int = 8, max_seq_len: int = 64):
        super().__init__()
        self.heads = n_heads
        self.wq, self.wk, self.wv, self.wo = (nn.Linear(dim, dim, bias=False) for _ in range(4))
        room = (max_batch, max_seq_len, n_heads, dim // n_heads)
        self.cache_k, self.cache_v = torch.zeros(room), torch.zeros(room)

    def turned(self, t: Tensor, freqs: Tensor) -> Tensor:
        pairs = torch.view_as_complex(t.unflatten(-1, (-1, 2)).contiguous())
        return torch.view_as_real(pairs * freqs[None, :, None]).flatten(3).to(t)

    def forward(self, x: Tensor, start_pos: int, freqs_complex: Tensor) -> Tensor:
        b, n, _ = x.shape
        q, k, v = (f(x).view(b, n, self.heads, -1) for f in (self.wq, self.wk, self.wv))
        q, k = self.turned(q, freqs_complex), self.turned(k, freqs_complex)
        end = start_pos + n
        self.cache_k[:b, start_pos:end], self.cache_v[:b, start_pos:end] = k, v
        keys, values = self.cache_k[:b, self.late : end], self.cache_v[:b, self.late : end]
        logits = torch.einsum("bnhd,bmhd->bhnm", q, keys) / q.shape[-1] ** 0.5
        ahead = torch.ones(n, end, dtype=torch.bool).triu(start_pos + 1)
        weights = logits.masked_fill(ahead[:, self.late :], -torch.inf).softmax(-1)
        return self.wo(torch.einsum("bhnm,bmhd->bnhd", weights, values).flatten(2))


class Stale(Cached):
    """Writes each piece to the beginning of its cache."""

    def forward(self, x: Tensor, start_pos: int, freqs_complex: Tensor) -> Tensor:
        return super().forward(x, min(start_pos, 1), freqs_complex)


@pytest.mark.parametrize("claim", ["equivalence", "cache"])
def test_where_a_call_begins_is_told(claim: str) -> None:
    finding = finding_of(claim, Cached, "kv-cache")
    assert finding.status.value == "holds", finding.message


def test_a_cache_written_to_another_place_is_found() -> None:
    assert finding_of("cache", Stale, "kv-cache").counts
