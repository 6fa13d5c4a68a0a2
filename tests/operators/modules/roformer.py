"""RoFormer's encoder attention, neighbours turned; with one edit each, and rewritten."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class RoFormerSelfAttention(nn.Module):
    """``key_padding_mask`` (batch, tokens) is True at padding."""

    def __init__(self, hidden_size, num_heads, dropout=0.0):
        super().__init__()
        self.num_heads, self.head_dim = num_heads, hidden_size // num_heads
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)
        self.output = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout)

    def split(self, t):
        return t.view(*t.shape[:2], self.num_heads, self.head_dim).transpose(1, 2)

    def angles(self, positions, x):
        freq = 10000 ** (-torch.arange(0, self.head_dim, 2, device=x.device) / self.head_dim)
        return positions[:, None].to(x.dtype) * freq.to(x.dtype)

    def turn(self, x, positions):
        angle = self.angles(positions, x).repeat_interleave(2, dim=-1)
        turned = torch.stack((-x[..., 1::2], x[..., ::2]), dim=-1).reshape_as(x)
        return x * angle.cos() + turned * angle.sin()

    def rotate(self, q, k):
        positions = torch.arange(q.shape[2], device=q.device)
        return self.turn(q, positions), self.turn(k, positions)

    def attend(self, q, k, v, mask):
        scores = q @ k.transpose(-1, -2) / math.sqrt(self.head_dim)
        if mask is not None:
            scores = scores.masked_fill(mask[:, None, None, :], float("-inf"))
        return self.dropout(scores.softmax(-1)) @ v

    def forward(self, hidden_states, key_padding_mask=None):
        b, n, c = hidden_states.shape
        q, k = self.split(self.query(hidden_states)), self.split(self.key(hidden_states))
        v = self.split(self.value(hidden_states))
        q, k = self.rotate(q, k)
        y = self.attend(q, k, v, key_padding_mask)
        return self.output(y.transpose(1, 2).reshape(b, n, c))


class RoFormerNoPositions(RoFormerSelfAttention):
    def rotate(self, q, k):
        return q, k


class RoFormerShifted(RoFormerSelfAttention):
    def rotate(self, q, k):
        positions = torch.arange(q.shape[2], device=q.device)
        return self.turn(q, positions), self.turn(k, positions + 1)


class RoFormerPositionsCut(RoFormerSelfAttention):
    def rotate(self, q, k):
        positions = torch.arange(q.shape[2], device=q.device).clamp(max=5)
        return self.turn(q, positions), self.turn(k, positions)


class RoFormerBothShifted(RoFormerSelfAttention):
    """Positions count from one: their differences are what they were."""

    def rotate(self, q, k):
        positions = torch.arange(1, q.shape[2] + 1, device=q.device)
        return self.turn(q, positions), self.turn(k, positions)


class RoFormerExchanged(RoFormerSelfAttention):
    def rotate(self, q, k):
        return super().rotate(k, q)


class RoFormerComplex(RoFormerSelfAttention):
    def turn(self, x, positions):
        angle = self.angles(positions, x)
        pairs = torch.view_as_complex(x.reshape(*x.shape[:-1], -1, 2))
        return torch.view_as_real(pairs * torch.polar(torch.ones_like(angle), angle)).flatten(-2)


class RoFormerMatrix(RoFormerSelfAttention):
    """Each pair is multiplied by a matrix."""

    def turn(self, x, positions):
        angle = self.angles(positions, x)
        cos, sin = angle.cos(), angle.sin()
        matrix = torch.stack((torch.stack((cos, -sin), -1), torch.stack((sin, cos), -1)), -2)
        pairs = x.unflatten(-1, (-1, 2))
        return torch.einsum("npij,bhnpj->bhnpi", matrix, pairs).flatten(-2)


class RoFormerSdpa(RoFormerSelfAttention):
    def attend(self, q, k, v, mask):
        keep = None if mask is None else ~mask[:, None, None, :]
        p = self.dropout.p if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, dropout_p=p)


class RoFormerChunks(RoFormerSelfAttention):
    def attend(self, q, k, v, mask):
        parent = super().attend
        return torch.cat([parent(part, k, v, mask) for part in q.split(3, 2)], 2)


class RoFormerHeadLoop(RoFormerSelfAttention):
    def attend(self, q, k, v, mask):
        parent = super().attend
        heads = range(self.num_heads)
        return torch.cat([parent(*(t[:, h, None] for t in (q, k, v)), mask) for h in heads], 1)


class RoFormerRelative(RoFormerSelfAttention):
    """The keys alone are turned, for each query by the distance to it."""

    def attend(self, q, k, v, mask):
        n = q.shape[2]
        at = torch.arange(n, device=q.device)
        scores = torch.stack(
            [(q[:, :, i, None] * self.turn(k, at - i)).sum(-1) for i in range(n)], dim=2
        ) / math.sqrt(self.head_dim)
        if mask is not None:
            scores = scores.masked_fill(mask[:, None, None, :], -math.inf)
        return self.dropout(scores.softmax(-1)) @ v

    def rotate(self, q, k):
        return q, k
