"""Layers of known language models are proven under every name that their attention has."""

from __future__ import annotations

import math

import msgspec
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attncheck.auditing.settle import settle
from attncheck.catalogue import load
from attncheck.data.report import Finding, Status
from tests.deciding import finding_of
from tests.thorough import THOROUGH


class RMSNorm(nn.Module):
    """Llama's, which computes in single precision."""

    def __init__(self, size: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight, self.variance_epsilon = nn.Parameter(torch.ones(size)), eps

    def forward(self, x: Tensor) -> Tensor:
        t = x.to(torch.float32)
        t = t * torch.rsqrt(t.pow(2).mean(-1, keepdim=True) + self.variance_epsilon)
        return self.weight * t.to(x.dtype)


def half_turn(t: Tensor) -> Tensor:
    a, b = t.chunk(2, -1)
    return torch.cat((-b, a), -1)


class Llama(nn.Module):
    """Grouped heads, rotary positions whose base only a buffer tells, causal."""

    bias, share, normalised, sink, gated = False, 1.0, False, False, False
    cap = 0.0
    window = 0

    def __init__(
        self, hidden_size: int, num_attention_heads: int, num_key_value_heads: int
    ) -> None:
        super().__init__()
        self.h, self.g = num_attention_heads, num_key_value_heads
        self.d = hidden_size // self.h
        self.q_proj = nn.Linear(hidden_size, self.h * self.d, bias=self.bias)
        self.k_proj = nn.Linear(hidden_size, self.g * self.d, bias=self.bias)
        self.v_proj = nn.Linear(hidden_size, self.g * self.d, bias=self.bias)
        self.o_proj = nn.Linear(self.h * self.d, hidden_size, bias=False)
        r = int(self.d * self.share)
        self.register_buffer("inv_freq", 500000.0 ** -(torch.arange(0, r, 2) / r), persistent=False)
        self.attn_logit_softcapping, self.sliding_window = self.cap or None, self.window or None
        if self.normalised:
            self.q_norm, self.k_norm = RMSNorm(self.d), RMSNorm(self.d)
        if self.sink:
            self.sinks = nn.Parameter(torch.zeros(self.h))
        if self.gated:
            self.gate_proj = nn.Linear(hidden_size, self.h * self.d, bias=False)

    def turned(self, t: Tensor) -> Tensor:
        place = torch.arange(t.shape[2], device=t.device).to(self.inv_freq.dtype)
        angle = torch.outer(place, self.inv_freq).repeat(1, 2).to(t.dtype)
        front, back = t.split((angle.shape[-1], t.shape[-1] - angle.shape[-1]), -1)
        return torch.cat((front * angle.cos() + half_turn(front) * angle.sin(), back), -1)

    def shared(self, t: Tensor) -> Tensor:
        return t.repeat_interleave(self.h // self.g, 1)

    def weights(self, logits: Tensor) -> Tensor:
        n = logits.shape[-1]
        if self.cap:
            logits = torch.tanh(logits / self.cap) * self.cap
        here = torch.arange(n, device=logits.device)
        behind = here[:, None] - here
        hidden = (behind < 0) | (behind >= (self.window or n))
        logits = logits.masked_fill(hidden, -torch.inf)
        if not self.sink:
            return logits.softmax(-1)
        sinks = self.sinks.view(1, -1, 1, 1).expand(len(logits), -1, n, 1)
        return torch.cat((logits, sinks), -1).softmax(-1)[..., :-1]

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            w(x).unflatten(-1, (-1, self.d)) for w in (self.q_proj, self.k_proj, self.v_proj)
        )
        if self.normalised:
            q, k = self.q_norm(q), self.k_norm(k)
        q, k, v = (t.transpose(1, 2) for t in (q, k, v))
        logits = self.turned(q) @ self.shared(self.turned(k)).mT / math.sqrt(self.d)
        y = (self.weights(logits) @ self.shared(v)).transpose(1, 2).flatten(2)
        return self.o_proj(y * self.gate_proj(x).sigmoid() if self.gated else y)


class Mistral(Llama):
    window = 3


class Qwen2(Llama):
    bias = True


class Qwen3(Llama):
    normalised = True


class Gemma2(Llama):
    cap = 50.0


class GptOss(Llama):
    bias, sink, window = True, True, 4


class Phi(Llama):
    bias, share = True, 0.5


class QwenNext(Llama):
    normalised, share, gated = True, 0.5, True


class Tiled(Llama):
    def shared(self, t: Tensor) -> Tensor:
        return t.repeat(1, self.h // self.g, 1, 1)


class WindowOneTooWide(Mistral):
    def weights(self, logits: Tensor) -> Tensor:
        n = logits.shape[-1]
        here = torch.arange(n, device=logits.device)
        behind = here[:, None] - here
        return logits.masked_fill((behind < 0) | (behind > self.window), -torch.inf).softmax(-1)


class SinkKept(GptOss):
    """The sink's share is given back to the keys."""

    def weights(self, logits: Tensor) -> Tensor:
        found = super().weights(logits)
        return found / found.sum(-1, keepdim=True)


class NormAfterTurn(Qwen3):
    def turned(self, t: Tensor) -> Tensor:
        return super().turned(t) * 1.5


class Conv1D(nn.Module):
    """GPT-2's linear layer, whose weight is (in, out)."""

    def __init__(self, outputs: int, inputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(inputs, outputs) * 0.02)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        return x @ self.weight + self.bias


class Gpt2(nn.Module):
    def __init__(self, n_embd: int, n_head: int) -> None:
        super().__init__()
        self.c_attn, self.c_proj = Conv1D(3 * n_embd, n_embd), Conv1D(n_embd, n_embd)
        self.n_head = n_head

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (
            t.unflatten(-1, (self.n_head, -1)).transpose(1, 2) for t in self.c_attn(x).chunk(3, -1)
        )
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).flatten(2))


class Falcon(nn.Module):
    """One head of keys and values beside the queries in one matrix, ALiBi by key positions."""

    def __init__(self, hidden_size: int, num_heads: int) -> None:
        super().__init__()
        self.h, self.d = num_heads, hidden_size // num_heads
        self.query_key_value = nn.Linear(hidden_size, hidden_size + 2 * self.d)
        self.dense = nn.Linear(hidden_size, hidden_size)

    def slopes(self, like: Tensor) -> Tensor:
        power = 2 ** math.floor(math.log2(self.h))
        found = [2 ** (-8 * i / power) for i in range(1, power + 1)]
        found += [2 ** (-4 * i / power) for i in range(1, 2 * (self.h - power) + 1, 2)]
        return torch.tensor(found, dtype=like.dtype, device=like.device)[:, None, None]

    def forward(self, x: Tensor) -> Tensor:
        heads = self.query_key_value(x).unflatten(-1, (-1, self.d)).transpose(1, 2)
        q, k, v = heads.split((self.h, 1, 1), 1)
        here = torch.arange(x.shape[1], device=x.device)
        logits = q @ k.mT / math.sqrt(self.d) + self.slopes(x) * here
        weights = logits.masked_fill(here > here[:, None], -torch.inf).softmax(-1)
        return self.dense((weights @ v).transpose(1, 2).flatten(2))


class Layer(nn.Module):
    """Llama's: RMSNorm before each branch, SwiGLU."""

    attention: type[Llama] = Llama

    def __init__(
        self,
        hidden_size: int,
        num_attention_heads: int,
        num_key_value_heads: int,
        intermediate_size: int,
    ) -> None:
        super().__init__()
        self.self_attn = self.attention(hidden_size, num_attention_heads, num_key_value_heads)
        self.gate_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.up_proj = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.down_proj = nn.Linear(intermediate_size, hidden_size, bias=False)
        self.input_layernorm, self.post_attention_layernorm = (
            RMSNorm(hidden_size),
            RMSNorm(hidden_size),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x))
        n = self.post_attention_layernorm(x)
        return x + self.down_proj(F.silu(self.gate_proj(n)) * self.up_proj(n))


class Qwen3Layer(Layer):
    attention = Qwen3


class MistralLayer(Layer):
    attention = Mistral


class GateOnTheOtherSide(Layer):
    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.input_layernorm(x))
        n = self.post_attention_layernorm(x)
        return x + self.down_proj(F.silu(self.gate_proj(n) * self.up_proj(n)))


SEVERAL = [Llama, Mistral, Qwen2, Qwen3, Gemma2, GptOss, Phi, QwenNext]
RIGHT = [
    *((model, spec) for model in SEVERAL for spec in ("gqa", "rope", "causal")),
    (Mistral, "sliding-window"),
    (GptOss, "sliding-window"),
    (Gpt2, "causal"),
    *((Falcon, spec) for spec in ("mqa", "alibi", "causal")),
    *((layer, "prenorm-block") for layer in (Layer, Qwen3Layer, MistralLayer)),
]
WRONG = [
    (Tiled, "gqa"),
    (Tiled, "rope"),
    (WindowOneTooWide, "sliding-window"),
    (WindowOneTooWide, "gqa"),
    (SinkKept, "gqa"),
    (NormAfterTurn, "gqa"),
    (GateOnTheOtherSide, "prenorm-block"),
]


@pytest.mark.parametrize(("model", "spec"), RIGHT)
def test_a_known_models_layer_is_proven(model: type[nn.Module], spec: str) -> None:
    finding = finding_of("equivalence", model, spec)
    assert finding.status is Status.HOLDS, finding.message
    assert finding.evidence["identity"] == "proven"


@pytest.mark.parametrize(("model", "spec"), WRONG if THOROUGH else WRONG[::2])
def test_the_same_with_one_mistake_is_not(model: type[nn.Module], spec: str) -> None:
    assert finding_of("equivalence", model, spec).status is not Status.HOLDS


def test_nothing_is_claimed_that_the_proven_options_do_not_meet() -> None:
    claims = load("gqa").claims
    proof = finding_of("equivalence", GptOss, "gqa")
    assert proof.evidence["options"]["sinks"] is True
    broken = [
        claims[name].answer(name, Status.VIOLATED, "seen") for name in ("equal-tokens", "reach")
    ]
    settle([proof, *broken], claims)
    assert [finding.status for finding in broken] == [Status.SKIPPED, Status.SKIPPED]
    plain: Finding = msgspec.structs.replace(proof, evidence={"options": {"sinks": False}})
    again = claims["equal-tokens"].answer("equal-tokens", Status.VIOLATED, "seen")
    settle([plain, again], claims)
    assert again.status is Status.ERROR
