"""T5's encoder self-attention written in other ways: all compute the same."""

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


class T5Exchanged(T5Attention):
    def score(self, q, k):
        return torch.matmul(k, q.transpose(3, 2))


class T5HeadLoop(T5Attention):
    def score(self, q, k):
        return torch.stack([torch.bmm(q[:, h], k[:, h].mT) for h in range(self.n_heads)], 1)

    def mix(self, weights, v):
        return torch.stack([torch.bmm(weights[:, h], v[:, h]) for h in range(self.n_heads)], 1)


class T5RowChunks(T5Attention):
    def score(self, q, k):
        return torch.cat([torch.matmul(part, k.transpose(3, 2)) for part in q.split(4, 2)], 2)

    def mix(self, weights, v):
        return torch.cat([torch.matmul(part, v) for part in weights.split(4, 2)], 2)


class T5Einsum(T5Attention):
    def score(self, q, k):
        return torch.einsum("bnqd,bnkd->bnqk", q, k)

    def mix(self, weights, v):
        return torch.einsum("bnqk,bnkd->bnqd", weights, v)


class T5OneHot(T5Attention):
    def position_bias(self, n, device):
        table = self.relative_attention_bias.weight
        one_hot = F.one_hot(self.bucket(self.offsets(n, device)), self.num_buckets).to(table.dtype)
        return (one_hot @ table).movedim(-1, 0)


class T5ByOffset(T5Attention):
    """The bias of each of the 2n - 1 offsets is looked up once."""

    def position_bias(self, n, device):
        values = self.relative_attention_bias(self.bucket(torch.arange(1 - n, n, device=device)))
        return torch.stack([values[n - 1 - i : 2 * n - 1 - i] for i in range(n)]).permute(2, 0, 1)


class T5Sdpa(T5Attention):
    def forward(self, hidden_states, attention_mask=None):
        b, n, _ = hidden_states.shape
        q, k, v = self.project(hidden_states)
        bias = self.position_bias(n, q.device)
        if attention_mask is not None:
            bias = self.hide(bias.expand(b, -1, -1, -1), attention_mask)
        p = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=p, scale=1.0)
        return self.o(y.transpose(1, 2).reshape(b, n, -1))


class T5AdditiveMask(T5Attention):
    def hide(self, scores, mask):
        return scores + (1.0 - mask.to(scores.dtype))[:, None, None, :] * -1e9


class T5Fused(nn.Module):
    def __init__(self, d_model, num_heads, num_buckets=32, max_distance=128):
        super().__init__()
        self.heads, self.num_buckets, self.max_distance = num_heads, num_buckets, max_distance
        self.to_qkv = nn.Linear(d_model, 3 * d_model, bias=False)
        self.to_out = nn.Linear(d_model, d_model, bias=False)
        self.bias = nn.Parameter(torch.randn(num_buckets, num_heads))

    def bias_of(self, n, device):
        offset = torch.arange(n, device=device) - torch.arange(n, device=device)[:, None]
        half, exact = self.num_buckets // 2, self.num_buckets // 4
        ratio = offset.abs().clamp(min=exact).double() / exact
        steps = ratio.log() / math.log(self.max_distance / exact) * (half - exact)
        far = torch.clamp(exact + steps.float().floor().long(), max=half - 1)
        index = torch.where(offset.abs() < exact, offset.abs(), far) + half * (offset > 0)
        return self.bias[index].permute(2, 0, 1)

    def forward(self, hidden_states, attention_mask=None):
        b, n, c = hidden_states.shape
        q, k, v = self.to_qkv(hidden_states).view(b, n, 3, self.heads, -1).unbind(2)
        scores = torch.einsum("bihd,bjhd->bhij", q, k) + self.bias_of(n, q.device)
        if attention_mask is not None:
            scores = scores.masked_fill(~attention_mask[:, None, None], -math.inf)
        return self.to_out(torch.einsum("bhij,bjhd->bihd", scores.softmax(-1), v).reshape(b, n, c))
