"""Norms before a mechanism, or behind its branches, are named design changes."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from tests.deciding import finding_of


class Reduced(nn.Module):
    """PVT's and Twins' attention to a smaller map, with the block's own norm inside."""

    axis = -1

    def __init__(self, dim: int, num_heads: int = 4, sr_ratio: int = 2) -> None:
        super().__init__()
        self.heads = num_heads
        self.before, self.norm = nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.q, self.kv, self.proj = (nn.Linear(dim, n * dim) for n in (1, 2, 1))
        self.sr = nn.Conv2d(dim, dim, sr_ratio, sr_ratio)

    def parts(self, t: Tensor, many: int) -> tuple[Tensor, ...]:
        return t.unflatten(-1, (many, self.heads, -1)).permute(2, 0, 3, 1, 4).unbind(0)

    def forward(self, x: Tensor, H: int, W: int) -> Tensor:
        n = self.before(x)
        (q,) = self.parts(self.q(n), 1)
        small = self.norm(self.sr(n.mT.unflatten(2, (H, W))).flatten(2).mT)
        k, v = self.parts(self.kv(small), 2)
        a = (q @ k.mT / q.shape[-1] ** 0.5).softmax(self.axis)
        return x + self.proj((a @ v).transpose(1, 2).flatten(2))


class ReducedOverQueries(Reduced):
    axis = -2


class Covariance(nn.Module):
    """XCiT's attention with norm and residual in the same class."""

    def __init__(self, dim: int, num_heads: int = 4) -> None:
        super().__init__()
        self.heads = num_heads
        self.norm, self.temperature = nn.LayerNorm(dim), nn.Parameter(torch.ones(num_heads, 1, 1))
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)

    def unit(self, t: Tensor) -> Tensor:
        return F.normalize(t, dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.qkv(self.norm(x)).unflatten(-1, (3, self.heads, -1))
        q, k, v = parts.permute(2, 0, 3, 4, 1)
        a = (self.unit(q) @ self.unit(k).mT * self.temperature).softmax(-1)
        return x + self.proj((a @ v).permute(0, 3, 1, 2).flatten(2))


class CovarianceNotUnit(Covariance):
    def unit(self, t: Tensor) -> Tensor:
        return t


class Rms(nn.Module):
    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))


class Olmo(nn.Module):
    """OLMo 2's block: norms behind the branches; queries and keys normalised over the width."""

    def __init__(self, hidden_size: int = 32, num_heads: int = 4) -> None:
        super().__init__()
        self.heads = num_heads
        self.q, self.k, self.v, self.o = (
            nn.Linear(hidden_size, hidden_size, bias=False) for _ in "qkvo"
        )
        self.q_norm, self.k_norm = Rms(hidden_size), Rms(hidden_size)
        self.gate, self.up = (nn.Linear(hidden_size, 3 * hidden_size, bias=False) for _ in "gu")
        self.down = nn.Linear(3 * hidden_size, hidden_size, bias=False)
        self.norm_a, self.norm_f = Rms(hidden_size), Rms(hidden_size)

    def attended(self, x: Tensor) -> Tensor:
        q, k, v = (
            t.unflatten(-1, (self.heads, -1)).transpose(1, 2)
            for t in (self.q_norm(self.q(x)), self.k_norm(self.k(x)), self.v(x))
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.o(y.transpose(1, 2).flatten(2))

    def fed(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))

    def forward(self, x: Tensor) -> Tensor:
        h = x + self.norm_a(self.attended(x))
        return h + self.norm_f(self.fed(h))


class Behind(nn.Module):
    """The same arrangement of torch's own attention and an MLP, as Swin v2 has it."""

    def __init__(self, dim: int, heads: int = 4) -> None:
        super().__init__()
        self.attn = nn.MultiheadAttention(dim, heads, batch_first=True)
        self.norms = nn.ModuleList(nn.LayerNorm(dim) for _ in range(2))
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.norms[0](self.attn(x, x, x, need_weights=False)[0])
        return x + self.norms[1](self.mlp(x))


class OlmoAddsItsInputTwice(Olmo):
    def forward(self, x: Tensor) -> Tensor:
        h = x + self.norm_a(self.attended(x))
        return x + self.norm_f(self.fed(h))


@pytest.mark.parametrize(("model", "spec"), [(Reduced, "sra"), (Covariance, "xca")])
def test_a_norm_before_the_whole_and_a_residual_around_it_are_a_variant(
    model: type[nn.Module], spec: str
) -> None:
    found = finding_of("equivalence", model, spec)
    assert found.status == "holds", found.message
    assert found.evidence["changes"] == ["a layer norm before it", "an outer residual"]


@pytest.mark.parametrize("spec", ["prenorm-block", "postnorm-block"])
@pytest.mark.parametrize("model", [Olmo, Behind])
def test_norms_behind_the_branches_are_a_variant_with_a_source(
    model: type[nn.Module], spec: str
) -> None:
    found = finding_of("equivalence", model, spec)
    assert found.status == "holds", found.message
    assert found.evidence["identity"] == "variant"
    assert "OLMo 2" in str(found.evidence)


@pytest.mark.parametrize(
    ("model", "spec"), [(ReducedOverQueries, "sra"), (CovarianceNotUnit, "xca")]
)
def test_the_same_with_a_mistake_inside_is_accused_of_that_alone(
    model: type[nn.Module], spec: str
) -> None:
    found = finding_of("equivalence", model, spec)
    assert found.status == "violated"
    assert "norm before" not in found.message


def test_a_residual_of_the_wrong_value_beside_such_norms_is_accused() -> None:
    assert finding_of("equivalence", OlmoAddsItsInputTwice, "prenorm-block").status == "violated"
