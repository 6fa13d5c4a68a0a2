"""Multi-head attention whose steps a test can replace, to break one thing at a time."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention


class Attention(nn.Module):
    """Self-attention; subclasses replace the scale, the normalisation or the mask."""

    def __init__(self, dim: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(dim, dim) for _ in range(4))

    def split(self, t: Tensor) -> Tensor:
        return t.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def scale(self, q: Tensor) -> float:
        return float(q.shape[-1] ** -0.5)

    def normalise(self, logits: Tensor) -> Tensor:
        return logits.softmax(-1)

    def attend(self, x: Tensor, keys: Tensor, mask: Tensor | None = None) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(keys)), self.split(self.v(keys))
        weights = self.weigh(q @ k.mT * self.scale(q), mask)
        return self.o((weights @ v).transpose(1, 2).flatten(2))

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        return self.normalise(logits)

    def forward(self, x: Tensor) -> Tensor:
        return self.attend(x, x)


class CrossAttention(Attention):
    def forward(self, x: Tensor, context: Tensor) -> Tensor:
        return self.attend(x, context)


class MaskedAttention(Attention):
    """``mask`` is True where a key is padding, unless a subclass reads it otherwise."""

    def weigh(self, logits: Tensor, mask: Tensor | None) -> Tensor:
        assert mask is not None
        return logits.masked_fill(mask[:, None, None], float("-inf")).softmax(-1)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        return self.attend(x, x, mask)


class FusedAttention(Attention):
    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        return self.o(scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class OnlineAttention(Attention):
    """Block by block with a running maximum: no softmax is ever called."""

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.split(self.q(x)), self.split(self.k(x)), self.split(self.v(x))
        q = q * q.shape[-1] ** -0.5
        top = q.new_full((*q.shape[:3], 1), float("-inf"))
        total, mass = torch.zeros_like(q), torch.zeros_like(top)
        for keys, values in zip(k.split(3, 2), v.split(3, 2), strict=True):
            logits = q @ keys.mT
            new = torch.maximum(top, logits.amax(-1, keepdim=True))
            keep, part = (top - new).exp(), (logits - new).exp()
            total, mass = total * keep + part @ values, mass * keep + part.sum(-1, keepdim=True)
            top = new
        return self.o((total / mass).transpose(1, 2).flatten(2))


class TimeMajorAttention(Attention):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.transpose(0, 1)).transpose(0, 1)
