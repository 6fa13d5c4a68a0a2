"""Layers in the style of language models' own code, with configs, tables and fused matrices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attncheck.data.report import Status
from attncheck.subject.trial import Trial
from tests.deciding import finding_of, subject_of
from tests.thorough import THOROUGH


class Rms(nn.Module):
    """Gemma's: its factor is 1 + weight."""

    more = 1.0

    def __init__(self, dim: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.eps, self.weight = eps, nn.Parameter(torch.zeros(dim))

    def forward(self, x: Tensor) -> Tensor:
        n = x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + self.eps)
        return n * (self.more + self.weight)


class RmsTwice(Rms):
    more = 2.0


@dataclass
class Args:
    dim: int = 64
    n_heads: int = 4
    n_kv_heads: int = 2
    rope_theta: float = 500000.0
    max_seq_len: int = 64


class Llama(nn.Module):
    """Complex rotations of a base that only the config tells; a mask that may be None."""

    norm: ClassVar[Any] = nn.Identity

    def __init__(self, layer_id: int, args: Args) -> None:
        super().__init__()
        self.h, self.g, self.d = args.n_heads, args.n_kv_heads, args.dim // args.n_heads
        self.wq = nn.Linear(args.dim, self.h * self.d, bias=False)
        self.wk, self.wv = (nn.Linear(args.dim, self.g * self.d, bias=False) for _ in range(2))
        self.wo = nn.Linear(self.h * self.d, args.dim, bias=False)
        self.q_norm, self.k_norm = self.norm(self.d), self.norm(self.d)
        rates = args.rope_theta ** (-torch.arange(0, self.d, 2) / self.d)
        angles = torch.outer(torch.arange(args.max_seq_len), rates)
        turns = torch.polar(torch.ones_like(angles), angles)
        self.register_buffer("freqs_cis", turns, persistent=False)

    def turned(self, t: Tensor) -> Tensor:
        pairs = torch.view_as_complex(t.float().unflatten(-1, (-1, 2)))
        turns = self.freqs_cis[: t.shape[1], None]
        return torch.view_as_real(pairs * turns).flatten(-2).type_as(t)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        q = self.q_norm(self.wq(x).unflatten(-1, (self.h, self.d)))
        k = self.k_norm(self.wk(x).unflatten(-1, (self.g, self.d)))
        v = self.wv(x).unflatten(-1, (self.g, self.d)).repeat_interleave(self.h // self.g, 2)
        k = self.turned(k).repeat_interleave(self.h // self.g, 2)
        scores = torch.einsum("bihd,bjhd->bhij", self.turned(q), k) / self.d**0.5
        if mask is not None:
            scores = scores + mask
        y = torch.einsum("bhij,bjhd->bihd", scores.float().softmax(-1).type_as(v), v)
        return self.wo(y.flatten(2))


class Gemma(Llama):
    norm = Rms


class NormTwice(Llama):
    norm = RmsTwice


class Block(nn.Module):
    """Hands its mask on, and neither knows nor says what it may be."""

    def __init__(self, layer_id: int, args: Args) -> None:
        super().__init__()
        self.attention = Llama(layer_id, args)
        self.norm1, self.norm2 = Rms(args.dim), Rms(args.dim)
        self.w1, self.w3 = (nn.Linear(args.dim, 96, bias=False) for _ in range(2))
        self.w2 = nn.Linear(96, args.dim, bias=False)

    def forward(self, x, mask):  # type: ignore[no-untyped-def]
        h = x + self.attention(self.norm1(x), mask)
        n = self.norm2(h)
        return h + self.w2(F.silu(self.w1(n)) * self.w3(n))


class SideBySide(Block):
    """Both branches from the input, each after its own norm, as GPT-NeoX has them."""

    def forward(self, x, mask):  # type: ignore[no-untyped-def]
        n = self.norm2(x)
        more = self.w2(F.silu(self.w1(n)) * self.w3(n))
        return x + self.attention(self.norm1(x), mask) + more


class SideBySideOneNorm(Block):
    """PaLM's: one norm for both."""

    def __init__(self, layer_id: int, args: Args) -> None:
        super().__init__(layer_id, args)
        del self.norm2

    def forward(self, x, mask):  # type: ignore[no-untyped-def]
        n = self.norm1(x)
        return x + self.attention(n, mask) + self.w2(F.silu(self.w1(n)) * self.w3(n))


class InputLost(SideBySide):
    def forward(self, x, mask):  # type: ignore[no-untyped-def]
        return super().forward(x, mask) - x


class NormsAround(Block):
    """Gemma 2's: a norm before and a norm behind each branch."""

    def __init__(self, layer_id: int, args: Args) -> None:
        super().__init__(layer_id, args)
        self.post1, self.post2 = Rms(args.dim), Rms(args.dim)

    def forward(self, x, mask):  # type: ignore[no-untyped-def]
        h = x + self.post1(self.attention(self.norm1(x), mask))
        n = self.norm2(h)
        return h + self.post2(self.w2(F.silu(self.w1(n)) * self.w3(n)))


class NormOfTheSum(NormsAround):
    def forward(self, x, mask):  # type: ignore[no-untyped-def]
        h = self.post1(x + self.attention(self.norm1(x), mask))
        n = self.norm2(h)
        return h + self.post2(self.w2(F.silu(self.w1(n)) * self.w3(n)))


class Falcon(nn.Module):
    """One matrix, in it for each group its queries, its key and its value."""

    def __init__(
        self, hidden_size: int = 64, num_attention_heads: int = 4, num_kv_heads: int = 2
    ) -> None:
        super().__init__()
        self.h, self.g = num_attention_heads, num_kv_heads
        self.d = hidden_size // self.h
        rows = (self.h + 2 * self.g) * self.d
        self.query_key_value = nn.Linear(hidden_size, rows, bias=False)
        self.dense = nn.Linear(hidden_size, hidden_size, bias=False)

    def queries(self, parts: Tensor) -> Tensor:
        return parts[:, :, :, :-2].flatten(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.query_key_value(x).unflatten(-1, (self.g, -1, self.d))
        q = self.queries(parts)
        k, v = (parts[:, :, :, at].repeat_interleave(self.h // self.g, 2) for at in (-2, -1))
        y = F.scaled_dot_product_attention(*(t.transpose(1, 2) for t in (q, k, v)), is_causal=True)
        return self.dense(y.transpose(1, 2).flatten(2))


class FalconOtherGroup(Falcon):
    """Queries of a group meet the keys of others."""

    def queries(self, parts: Tensor) -> Tensor:
        return parts[:, :, :, :-2].transpose(2, 3).flatten(2, 3)


class Latent(nn.Module):
    """DeepSeek's: the rotary key beside the latent, keys and values of a head in one matrix."""

    rank = 24

    def __init__(self, dim: int = 64, n_heads: int = 4) -> None:
        super().__init__()
        self.h, self.kv_lora_rank, self.v_head_dim = n_heads, 20, 12
        self.qk_nope_head_dim, self.qk_rope_head_dim = 16, 8
        width = self.qk_nope_head_dim + self.qk_rope_head_dim
        if self.rank:
            self.wq_a, self.q_norm = nn.Linear(dim, self.rank, bias=False), nn.RMSNorm(self.rank)
        self.wq_b = nn.Linear(self.rank or dim, n_heads * width, bias=False)
        self.wkv_a = nn.Linear(dim, self.kv_lora_rank + self.qk_rope_head_dim, bias=False)
        self.kv_norm = nn.RMSNorm(self.kv_lora_rank)
        both = self.qk_nope_head_dim + self.v_head_dim
        self.wkv_b = nn.Linear(self.kv_lora_rank, n_heads * both, bias=False)
        self.wo = nn.Linear(n_heads * self.v_head_dim, dim, bias=False)
        self.scale = width**-0.5

    def turned(self, t: Tensor) -> Tensor:
        r = self.qk_rope_head_dim
        rates = 10000 ** (-torch.arange(0, r, 2, dtype=t.dtype, device=t.device) / r)
        places = torch.arange(t.shape[1], dtype=t.dtype, device=t.device)
        angle = torch.outer(places, rates)[:, None]
        a, b = t[..., ::2], t[..., 1::2]
        pairs = (a * angle.cos() - b * angle.sin(), a * angle.sin() + b * angle.cos())
        return torch.stack(pairs, -1).flatten(-2)

    def rotary_key(self, own: Tensor) -> Tensor:
        return self.turned(own)

    def forward(self, x: Tensor) -> Tensor:
        d, r = self.qk_nope_head_dim, self.qk_rope_head_dim
        c_q = self.q_norm(self.wq_a(x)) if self.rank else x
        q, q_r = self.wq_b(c_q).unflatten(-1, (self.h, -1)).split((d, r), -1)
        c, k_r = self.wkv_a(x).split((self.kv_lora_rank, r), -1)
        own = self.wkv_b(self.kv_norm(c)).unflatten(-1, (self.h, -1))
        k, v = own.split((d, self.v_head_dim), -1)
        k_r = self.rotary_key(k_r[:, :, None]).expand(-1, -1, self.h, -1)
        q, k = torch.cat((q, self.turned(q_r)), -1), torch.cat((k, k_r), -1)
        scores = torch.einsum("bihd,bjhd->bhij", q, k) * self.scale
        y = torch.einsum("bhij,bjhd->bihd", scores.softmax(-1), v)
        return self.wo(y.flatten(2))


class LatentOfTokens(Latent):
    rank = 0


class LatentKeyNotTurned(Latent):
    def rotary_key(self, own: Tensor) -> Tensor:
        return own


class LatentScaledByContent(Latent):
    def __init__(self, dim: int = 64, n_heads: int = 4) -> None:
        super().__init__(dim, n_heads)
        self.scale = self.qk_nope_head_dim**-0.5


RIGHT = [
    (Llama, "gqa"),
    (Llama, "rope"),
    (Gemma, "gqa"),
    (Block, "prenorm-block"),
    (Falcon, "gqa"),
    (Latent, "mla"),
    (LatentOfTokens, "mla"),
]
VARIANTS = [SideBySide, SideBySideOneNorm, NormsAround]
WRONG = [
    (InputLost, "prenorm-block"),
    (FalconOtherGroup, "gqa"),
    (LatentKeyNotTurned, "mla"),
    (LatentScaledByContent, "mla"),
    # Half a minute each: all that a block might be is tried.
    *([(NormOfTheSum, "prenorm-block"), (NormTwice, "gqa")] if THOROUGH else []),
]


@pytest.mark.parametrize(("model", "spec"), RIGHT)
def test_a_layer_as_its_authors_write_it_is_proven(model: type[nn.Module], spec: str) -> None:
    finding = finding_of("equivalence", model, spec)
    assert finding.status is Status.HOLDS, finding.message
    assert finding.evidence["identity"] == "proven"


@pytest.mark.parametrize("model", VARIANTS)
def test_a_published_arrangement_of_a_block_is_a_variant_by_name(model: type[nn.Module]) -> None:
    finding = finding_of("equivalence", model, "prenorm-block")
    assert finding.status is Status.HOLDS, finding.message
    assert finding.evidence["identity"] == "variant"


@pytest.mark.parametrize(("model", "spec"), WRONG if THOROUGH else WRONG[1::2])
def test_the_same_layer_with_one_mistake_is_not(model: type[nn.Module], spec: str) -> None:
    finding = finding_of("equivalence", model, spec)
    assert finding.status is not Status.HOLDS
    assert finding.evidence.get("identity") != "proven"


def test_a_mask_that_may_be_none_is_tried_like_an_optional_one() -> None:
    for model in (Llama, Block):
        assert finding_of("masks", model, "tokens").status is Status.HOLDS


def test_rotations_stay_complex_in_double_precision() -> None:
    subject = subject_of(Llama, "tokens")
    module = Trial(subject, subject.base()).module()
    assert module.get_buffer("freqs_cis").dtype == torch.complex128
