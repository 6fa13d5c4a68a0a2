"""Additive attention: a small network scores each annotation for the decoder's state."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "bahdanau"
VALUES = [
    {"C": 3, "D": 4, "A": 2},
    {"C": 4, "D": 2, "A": 3, "query_bias": False, "key_bias": False, "score_bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    state = torch.randn(2, v.C, dtype=torch.float64)
    return state, torch.randn(2, 5, v.D, dtype=torch.float64)


def equation(p, v, state: Tensor, notes: Tensor) -> Tensor:
    out = torch.zeros(2, v.D, dtype=torch.float64)
    for b in range(2):
        above, below = 0, 0
        for h in notes[b]:
            s = p.query.weight @ state[b] + p.key.weight @ h
            s = s + (p.query.bias if v.query_bias else 0) + (p.key.bias if v.key_bias else 0)
            e = (p.score.weight[0] @ s.tanh()).exp()
            above, below = above + e * h, below + e
        out[b] = above / below
    return out


class Tutorial(nn.Module):
    """State and annotations side by side, a bare vector, weights beside the context."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__()
        self.attn = nn.Linear(2 * hidden_size, hidden_size)
        self.v = nn.Parameter(torch.rand(hidden_size))

    def scores(self, hidden: Tensor, encoder_outputs: Tensor) -> Tensor:
        spread = hidden[:, None].expand(-1, encoder_outputs.shape[1], -1)
        return torch.tanh(self.attn(torch.cat((spread, encoder_outputs), -1))) @ self.v

    def forward(self, hidden: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, Tensor]:
        w = self.scores(hidden, encoder_outputs).softmax(1)
        return (w[:, None] @ encoder_outputs)[:, 0], w


class LayersFirst(nn.Module):
    """The state of a recurrent layer, (1, B, C); two matrices without bias."""

    def __init__(self, hidden_size: int, attn_dim: int) -> None:
        super().__init__()
        self.w = nn.Linear(hidden_size, attn_dim, bias=False)
        self.u = nn.Linear(hidden_size, attn_dim, bias=False)
        self.v = nn.Linear(attn_dim, 1, bias=False)

    def forward(self, hidden: Tensor, encoder_outputs: Tensor) -> Tensor:
        e = self.v(torch.tanh(self.w(hidden.permute(1, 0, 2)) + self.u(encoder_outputs)))
        return torch.bmm(e.softmax(1).transpose(1, 2), encoder_outputs)


class OverTheBatch(Tutorial):
    def forward(self, hidden: Tensor, encoder_outputs: Tensor) -> tuple[Tensor, Tensor]:
        w = self.scores(hidden, encoder_outputs).softmax(0)
        return (w[:, None] @ encoder_outputs)[:, 0], w


class NoTanh(Tutorial):
    def scores(self, hidden: Tensor, encoder_outputs: Tensor) -> Tensor:
        spread = hidden[:, None].expand(-1, encoder_outputs.shape[1], -1)
        return self.attn(torch.cat((spread, encoder_outputs), -1)) @ self.v


STYLES = ["Tutorial", "LayersFirst"]
FAULTS = {"OverTheBatch": "weights", "NoTanh": "equivalence"}
