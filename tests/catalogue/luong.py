"""Multiplicative attention: products of a decoder's state with the source's states."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "luong"
VALUES = [
    {"C": 3, "D": 3, "score": "dot"},
    {"C": 3, "D": 4, "score": "general", "attentional": True},
    {"C": 3, "D": 4, "score": "general-query", "query_bias": True},
    {"C": 3, "D": 4, "score": "concat", "pair_bias": True},
]


def inputs(v) -> tuple[Tensor, ...]:
    state = torch.randn(2, v.C, dtype=torch.float64)
    return state, torch.randn(2, 5, v.D, dtype=torch.float64)


def equation(p, v, state: Tensor, source: Tensor) -> Tensor:
    outs = []
    for b in range(2):
        above, below = 0, 0
        for h in source[b]:
            match v.score:
                case "dot":
                    e = state[b] @ h
                case "general":
                    e = state[b] @ p.general_key.weight @ h
                case "general-query":
                    e = (p.general_query.weight @ state[b] + p.general_query.bias) @ h
                case _:
                    t = p.pair_query.weight @ state[b] + p.pair_key.weight @ h + p.pair_query.bias
                    e = p.vector.weight[0] @ t.tanh()
            above, below = above + e.exp() * h, below + e.exp()
        c = above / below
        if v.attentional:
            c = (p.out_context.weight @ c + p.out_state.weight @ state[b]).tanh()
        outs.append(c)
    return torch.stack(outs)


class Attentional(nn.Module):
    """General score, and the new state from context and state side by side."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.attn = nn.Linear(hidden_size, hidden_size, bias=False)
        self.combine = nn.Linear(2 * hidden_size, hidden_size, bias=False)

    def forward(self, decoder_state: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, Tensor]:
        e = (self.attn(encoder_outputs) @ decoder_state[:, :, None])[:, :, 0]
        w = self.weigh(e)
        c = torch.einsum("bm,bmd->bd", w, encoder_outputs)
        return torch.tanh(self.combine(torch.cat((c, decoder_state), -1))), w

    def weigh(self, e: Tensor) -> Tensor:
        return e.softmax(-1)


class Concatenated(nn.Module):
    """Concat score of a state with an axis of its own."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.attn = nn.Linear(2 * hidden_size, hidden_size)
        self.v = nn.Parameter(torch.randn(1, hidden_size))

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        both = torch.cat((query.expand(-1, keys.shape[1], -1), keys), -1)
        e = torch.tanh(self.attn(both)) @ self.v.t()
        return e.softmax(1).transpose(1, 2) @ keys


class Squeezed(nn.Module):
    """Dot score; state and source time first; the new state without its axis of time."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.out = nn.Linear(2 * hidden_size, hidden_size)

    def forward(self, hidden: Tensor, encoder_outputs: Tensor) -> Tensor:
        w = (hidden * encoder_outputs).sum(2).softmax(0)
        c = (w[..., None] * encoder_outputs).sum(0)
        return torch.tanh(self.out(torch.cat((c, hidden[0]), 1)))


class OverTheBatch(Attentional):
    def weigh(self, e: Tensor) -> Tensor:
        return e.softmax(0)


class NotNormalised(Attentional):
    def weigh(self, e: Tensor) -> Tensor:
        return e.sigmoid()


STYLES = ["Attentional", "Concatenated", "Squeezed"]
FAULTS = {"OverTheBatch": "batch-independence", "NotNormalised": "equivalence"}
