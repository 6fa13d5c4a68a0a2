"""The Q-Former's layer: queries among themselves, then to an image."""

from __future__ import annotations

from torch import Tensor, nn

from tests.catalogue.decoder_block import Causal, equation, inputs

__all__ = ["equation", "inputs"]

SPEC = "q-former"
VALUES = [
    {"C": 4, "D": 3, "F": 5, "heads": 2},
    {"C": 4, "D": 4, "F": 3, "heads": 1, "activation": "relu"},
]
CALL = {"hidden_size": 12, "inputs": ("2x5x12", "2x7x12")}


class Heads(nn.Module):
    """BERT's attention: three layers, heads by permute, the output's layer with its norm."""

    def __init__(self, width: int, memory: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key, self.value = nn.Linear(memory, width), nn.Linear(memory, width)
        self.dense, self.LayerNorm = nn.Linear(width, width), nn.LayerNorm(width, eps=1e-12)

    def cut(self, t: Tensor) -> Tensor:
        return t.view(*t.shape[:2], self.heads, -1).permute(0, 2, 1, 3)

    def weights(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5).softmax(-1)

    def forward(self, x: Tensor, states: Tensor) -> Tensor:
        q, k, v = self.cut(self.query(x)), self.cut(self.key(states)), self.cut(self.value(states))
        y = (self.weights(q, k) @ v).permute(0, 2, 1, 3).reshape(x.shape)
        return self.LayerNorm(self.dense(y) + x)


class Layer(nn.Module):
    """BERT's layer with a second attention."""

    def __init__(self, hidden_size: int, num_attention_heads: int = 3) -> None:
        super().__init__()
        self.attention = Heads(hidden_size, hidden_size, num_attention_heads)
        self.crossattention = Heads(hidden_size, hidden_size, num_attention_heads)
        self.intermediate = nn.Linear(hidden_size, 4 * hidden_size)
        self.output, self.act = nn.Linear(4 * hidden_size, hidden_size), nn.GELU()
        self.LayerNorm = nn.LayerNorm(hidden_size, eps=1e-12)

    def forward(self, hidden_states: Tensor, encoder_hidden_states: Tensor) -> Tensor:
        a = self.attention(hidden_states, hidden_states)
        b = self.crossattention(a, encoder_hidden_states)
        return self.LayerNorm(self.output(self.act(self.intermediate(b))) + b)


class CausalQueries(Causal):
    """A decoder's block: each query sees only those before it."""

    def __init__(self, hidden_size: int) -> None:
        super().__init__(hidden_size)
        self.ffn[1] = nn.GELU()


class NoImage(Layer):
    def forward(self, hidden_states: Tensor, encoder_hidden_states: Tensor) -> Tensor:
        a = self.attention(hidden_states, hidden_states)
        b = self.crossattention(a, a)
        return self.LayerNorm(self.output(self.act(self.intermediate(b))) + b)


class OverQueries(Layer):
    def __init__(self, hidden_size: int) -> None:
        super().__init__(hidden_size)
        self.crossattention.weights = lambda q, k: (q @ k.mT / q.shape[-1] ** 0.5).softmax(-2)


STYLES = ["Layer"]
FAULTS = {
    "CausalQueries": "reach of the tokens",
    "NoImage": "reach",
    "OverQueries": "equivalence",
}
