"""Attention with relative position representations; with one edit each, and rewritten."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class RelativeAttention(nn.Module):
    """``mask`` (batch, tokens) is True at padding."""

    def __init__(self, d_model, num_heads, max_relative_position=4):
        super().__init__()
        self.num_heads, self.head_dim = num_heads, d_model // num_heads
        self.max_relative_position = max_relative_position
        self.fc_q = nn.Linear(d_model, d_model)
        self.fc_k = nn.Linear(d_model, d_model)
        self.fc_v = nn.Linear(d_model, d_model)
        self.fc_o = nn.Linear(d_model, d_model)
        self.keys = nn.Embedding(2 * max_relative_position + 1, self.head_dim)
        self.values = nn.Embedding(2 * max_relative_position + 1, self.head_dim)

    def split(self, t):
        return t.view(*t.shape[:2], self.num_heads, self.head_dim).transpose(1, 2)

    def index(self, n, device):
        at = torch.arange(n, device=device)
        offset = at[None, :] - at[:, None]
        k = self.max_relative_position
        return offset.clamp(-k, k) + k

    def score(self, q, k, index):
        place = torch.einsum("bhid,ijd->bhij", q, self.keys(index))
        return (q @ k.transpose(-1, -2) + place) / math.sqrt(self.head_dim)

    def mix(self, weights, v, index):
        return weights @ v + torch.einsum("bhij,ijd->bhid", weights, self.values(index))

    def forward(self, x, mask=None):
        b, n, c = x.shape
        q, k, v = self.split(self.fc_q(x)), self.split(self.fc_k(x)), self.split(self.fc_v(x))
        index = self.index(n, x.device)
        scores = self.score(q, k, index)
        if mask is not None:
            scores = scores.masked_fill(mask[:, None, None, :], float("-inf"))
        y = self.mix(scores.softmax(-1), v, index)
        return self.fc_o(y.transpose(1, 2).reshape(b, n, c))


class RelativeNoPositions(RelativeAttention):
    def score(self, q, k, index):
        return q @ k.transpose(-1, -2) / math.sqrt(self.head_dim)

    def mix(self, weights, v, index):
        return weights @ v


class RelativeShifted(RelativeAttention):
    def index(self, n, device):
        at = torch.arange(n, device=device)
        offset = at[None, :] - at[:, None] + 1
        k = self.max_relative_position
        return offset.clamp(-k, k) + k


class RelativeCut(RelativeAttention):
    def index(self, n, device):
        return super().index(n, device).clamp(max=self.max_relative_position + 1)


class RelativeQueryShifted(RelativeAttention):
    """Queries' positions are one too large, in the scores alone."""

    def score(self, q, k, index):
        return super().score(q, k, (index - 1).clamp(min=0))


class RelativeReversed(RelativeAttention):
    """Offsets are i - j: the tables are read from the other end."""

    def index(self, n, device):
        return 2 * self.max_relative_position - super().index(n, device)


class RelativeAll(RelativeAttention):
    """Keys and values get their vectors before the products."""

    def score(self, q, k, index):
        full = k[:, :, None] + self.keys(index)
        return (q[:, :, :, None] * full).sum(-1) / math.sqrt(self.head_dim)

    def mix(self, weights, v, index):
        return (weights[..., None] * (v[:, :, None] + self.values(index))).sum(3)


class RelativeByTable(RelativeAttention):
    """Queries meet the whole table once; the products are gathered."""

    def score(self, q, k, index):
        table = q @ self.keys.weight.t()
        place = table.gather(-1, index.expand(*q.shape[:2], -1, -1))
        return (q @ k.mT + place) * self.head_dim**-0.5

    def mix(self, weights, v, index):
        hot = F.one_hot(index, self.values.num_embeddings).to(v.dtype)
        return weights @ v + torch.einsum("bhij,ijr->bhir", weights, hot) @ self.values.weight


class RelativeMatmul(RelativeAttention):
    def score(self, q, k, index):
        b, h, n, d = q.shape
        rows = q.permute(2, 0, 1, 3).reshape(n, b * h, d)
        place = torch.bmm(rows, self.keys(index).mT).view(n, b, h, n).permute(1, 2, 0, 3)
        return torch.matmul(q, k.mT).add(place).div(math.sqrt(d))


class RelativeScaledQuery(RelativeAttention):
    def score(self, q, k, index):
        q = q / math.sqrt(self.head_dim)
        return q @ k.mT + torch.einsum("bhid,ijd->bhij", q, self.keys(index))


class RelativeHeadLoop(RelativeAttention):
    def mix(self, weights, v, index):
        place = self.values(index)
        heads = [
            weights[:, h] @ v[:, h] + torch.einsum("bij,ijd->bid", weights[:, h], place)
            for h in range(self.num_heads)
        ]
        return torch.stack(heads, 1)


class RelativeChunks(RelativeAttention):
    def score(self, q, k, index):
        parent = super().score
        parts = zip(q.split(4, 2), index.split(4, 0), strict=True)
        return torch.cat([parent(part, k, rows) for part, rows in parts], 2)
