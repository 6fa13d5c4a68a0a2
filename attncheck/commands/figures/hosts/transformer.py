"""Encoder and decoder, Vaswani et al. 2017, table 3; one embedding serves both and the output.

Places: ``encoderN/self``, ``decoderN/self``, ``decoderN/cross``. The attention takes queries and
keys, (B, N, C) and (B, M, C) -> (B, N, C).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from attncheck.commands.figures.hosts.places import Attention, Place
from attncheck.errors import UsageError


class Layer(nn.Module):
    """Attentions and a perceptron, a LayerNorm behind each: (B, N, C) -> same."""

    def __init__(self, attentions: list[nn.Module], width: int, hidden: int) -> None:
        super().__init__()
        self.attentions = nn.ModuleList(attentions)
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(len(attentions) + 1))
        self.perceptron = nn.Sequential(
            nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, width)
        )

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        """(B, N, C), (B, M, C) -> (B, N, C)."""
        for attention, norm, keys in zip(self.attentions, self.norms, (None, memory), strict=False):
            x = norm(x + attention(x, x if keys is None else keys))
        y: Tensor = self.norms[-1](x + self.perceptron(x))
        return y


class Transformer(nn.Module):
    """Tokens of both languages -> logits: (B, N), (B, M) -> (B, M, vocabulary)."""

    def __init__(
        self, attend: Attention, width: int, hidden: int, depth: int, vocabulary: int
    ) -> None:
        super().__init__()

        def made(name: str) -> nn.Module:
            found = attend(Place(name, width))
            if found is None:
                raise UsageError("a transformer needs an attention", where=name)
            return found

        self.embedding = nn.Parameter(torch.zeros(vocabulary, width))
        self.encoder = nn.ModuleList(
            Layer([made(f"encoder{n + 1}/self")], width, hidden) for n in range(depth)
        )
        self.decoder = nn.ModuleList(
            Layer([made(f"decoder{n + 1}/{kind}") for kind in ("self", "cross")], width, hidden)
            for n in range(depth)
        )

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        """(B, N), (B, M) of token numbers -> (B, M, vocabulary)."""
        memory, x = self.embedding[source], self.embedding[target]
        for layer in self.encoder:
            memory = layer(memory)
        for layer in self.decoder:
            x = layer(x, memory)
        return x @ self.embedding.T


def build(
    attend: Attention,
    *,
    width: int = 512,
    hidden: int = 2048,
    depth: int = 6,
    vocabulary: int = 37_000,
) -> nn.Module:
    """Return the base model; width 1024 and hidden 4096 are big."""
    return Transformer(attend, width, hidden, depth, vocabulary)
