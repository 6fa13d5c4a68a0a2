"""T5's encoder self-attention with relative buckets, in its usual form and with one edit each."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class T5Attention(nn.Module):
    """``attention_mask`` (batch, tokens) is True at tokens and False at padding."""

    def __init__(self, d_model, num_heads, num_buckets=32, max_distance=128, dropout_rate=0.1):
        super().__init__()
        self.n_heads, self.d_kv = num_heads, d_model // num_heads
        self.num_buckets, self.max_distance = num_buckets, max_distance
        self.q = nn.Linear(d_model, d_model, bias=False)
        self.k = nn.Linear(d_model, d_model, bias=False)
        self.v = nn.Linear(d_model, d_model, bias=False)
        self.o = nn.Linear(d_model, d_model, bias=False)
        self.relative_attention_bias = nn.Embedding(num_buckets, num_heads)
        self.dropout = dropout_rate

    def bucket(self, offset):
        half = self.num_buckets // 2
        exact = half // 2
        buckets = (offset > 0).long() * half
        distance = offset.abs()
        far = torch.log(distance.clamp(min=1).float() / exact) / math.log(self.max_distance / exact)
        far = (exact + (far * (half - exact)).long()).clamp(max=half - 1)
        return buckets + torch.where(distance < exact, distance, far)

    def offsets(self, n, device):
        position = torch.arange(n, device=device)
        return position[None, :] - position[:, None]

    def position_bias(self, n, device):
        values = self.relative_attention_bias(self.bucket(self.offsets(n, device)))
        return values.permute(2, 0, 1).unsqueeze(0)

    def shape(self, states):
        return states.view(states.shape[0], -1, self.n_heads, self.d_kv).transpose(1, 2)

    def project(self, x):
        return self.shape(self.q(x)), self.shape(self.k(x)), self.shape(self.v(x))

    def score(self, q, k):
        return torch.matmul(q, k.transpose(3, 2))

    def hide(self, scores, mask):
        return scores.masked_fill(~mask[:, None, None, :], torch.finfo(scores.dtype).min)

    def weigh(self, scores):
        return F.dropout(F.softmax(scores, dim=-1), p=self.dropout, training=self.training)

    def mix(self, weights, v):
        return torch.matmul(weights, v)

    def forward(self, hidden_states, attention_mask=None):
        b, n, _ = hidden_states.shape
        q, k, v = self.project(hidden_states)
        scores = self.score(q, k) + self.position_bias(n, q.device)
        if attention_mask is not None:
            scores = self.hide(scores, attention_mask)
        y = self.mix(self.weigh(scores), v)
        return self.o(y.transpose(1, 2).reshape(b, n, -1))


class T5MaskZeros(T5Attention):
    def hide(self, scores, mask):
        return scores + 0.0 * mask[:, None, None, :]


class T5MaskInverted(T5Attention):
    def hide(self, scores, mask):
        return scores.masked_fill(mask[:, None, None, :], torch.finfo(scores.dtype).min)


class T5MaskFlipped(T5Attention):
    def hide(self, scores, mask):
        mask = mask.flip(0)
        return scores.masked_fill(~mask[:, None, None, :], torch.finfo(scores.dtype).min)


class T5ZeroQuery(T5Attention):
    def __init__(self, d_model, num_heads, num_buckets=32, max_distance=128):
        super().__init__(d_model, num_heads, num_buckets, max_distance)
        self.q.weight.data.fill_(0)


class T5ZeroKey(T5Attention):
    def __init__(self, d_model, num_heads, num_buckets=32, max_distance=128):
        super().__init__(d_model, num_heads, num_buckets, max_distance)
        nn.init.zeros_(self.k.weight)


class T5ZeroValue(T5Attention):
    def __init__(self, d_model, num_heads, num_buckets=32, max_distance=128):
        super().__init__(d_model, num_heads, num_buckets, max_distance)
        nn.init.zeros_(self.v.weight)


class T5HeadsTied(T5Attention):
    def project(self, x):
        q, k, v = super().project(x)
        return (*(torch.cat((t[:, :1], t[:, :1], t[:, 2:]), dim=1) for t in (q, k, v)),)


class T5KeysDetached(T5Attention):
    def score(self, q, k):
        return torch.matmul(q, k.detach().transpose(3, 2))


class T5ViewHeads(T5Attention):
    def shape(self, states):
        return states.view(states.shape[0], self.n_heads, -1, self.d_kv)


class T5DropoutFirst(T5Attention):
    def score(self, q, k):
        return F.dropout(super().score(q, k), p=self.dropout, training=self.training)

    def weigh(self, scores):
        return F.softmax(scores, dim=-1)


class T5HalfScores(T5Attention):
    def score(self, q, k):
        return torch.matmul(q.bfloat16(), k.bfloat16().transpose(3, 2)).to(q.dtype)


class T5NoPositions(T5Attention):
    def position_bias(self, n, device):
        return torch.zeros(1, self.n_heads, n, n, device=device)


class T5Shifted(T5Attention):
    def offsets(self, n, device):
        position = torch.arange(n, device=device)
        return position[None, :] - position[:, None] + 1


class T5OffsetsCut(T5Attention):
    def offsets(self, n, device):
        return super().offsets(n, device).clamp(-3, 3)


class T5DropoutAlways(T5Attention):
    def weigh(self, scores):
        return F.dropout(F.softmax(scores, dim=-1), p=self.dropout)


class T5HalfSums(T5Attention):
    def mix(self, weights, v):
        total = torch.zeros_like(v, dtype=torch.half)
        for j in range(v.shape[2]):
            total = total + weights[..., j : j + 1].half() * v[:, :, j : j + 1].half()
        return total.to(v.dtype)


class T5OneHead(T5Attention):
    def weigh(self, scores):
        weights = F.softmax(scores, dim=-1)[:, :1].expand_as(scores)
        return F.dropout(weights, p=self.dropout, training=self.training)


class T5Causal(T5Attention):
    def score(self, q, k):
        scores = super().score(q, k)
        future = torch.ones(scores.shape[-2:], dtype=torch.bool, device=q.device).triu(1)
        return scores.masked_fill(future, torch.finfo(scores.dtype).min)
