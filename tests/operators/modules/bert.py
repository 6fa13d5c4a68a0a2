"""BERT's self-attention with a padding mask, in its usual form and with one edit each."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class BertSelfAttention(nn.Module):
    """``key_padding_mask`` (batch, tokens) is True at padding."""

    def __init__(self, hidden_size, num_attention_heads, dropout=0.1):
        super().__init__()
        self.num_heads = num_attention_heads
        self.head_size = hidden_size // num_attention_heads
        self.query = nn.Linear(hidden_size, hidden_size)
        self.key = nn.Linear(hidden_size, hidden_size)
        self.value = nn.Linear(hidden_size, hidden_size)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout)

    def project(self, x):
        return self.query(x), self.key(x), self.value(x)

    def split(self, x):
        b, n, _ = x.shape
        return x.view(b, n, self.num_heads, self.head_size).transpose(1, 2)

    def score(self, q, k):
        return torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(self.head_size)

    def hide(self, scores, mask):
        return scores.masked_fill(mask[:, None, None, :], float("-inf"))

    def weigh(self, scores):
        return self.dropout(torch.softmax(scores, dim=-1))

    def attend(self, q, k, v, mask):
        scores = self.score(q, k)
        if mask is not None:
            scores = self.hide(scores, mask)
        return torch.matmul(self.weigh(scores), v)

    def merge(self, x):
        return x.transpose(1, 2).flatten(2)

    def forward(self, hidden_states, key_padding_mask=None):
        q, k, v = (self.split(t) for t in self.project(hidden_states))
        return self.dense(self.merge(self.attend(q, k, v, key_padding_mask)))


class BertMaskZeros(BertSelfAttention):
    def hide(self, scores, mask):
        return scores.masked_fill(torch.zeros_like(mask)[:, None, None, :], float("-inf"))


class BertMaskInverted(BertSelfAttention):
    def hide(self, scores, mask):
        return scores.masked_fill(~mask[:, None, None, :], float("-inf"))


class BertMaskRolled(BertSelfAttention):
    def hide(self, scores, mask):
        return scores.masked_fill(mask.roll(1, 0)[:, None, None, :], float("-inf"))


class BertZeroQuery(BertSelfAttention):
    def __init__(self, hidden_size, num_attention_heads, dropout=0.1):
        super().__init__(hidden_size, num_attention_heads, dropout)
        nn.init.zeros_(self.query.weight)


class BertZeroKey(BertSelfAttention):
    def __init__(self, hidden_size, num_attention_heads, dropout=0.1):
        super().__init__(hidden_size, num_attention_heads, dropout)
        nn.init.zeros_(self.key.weight)


class BertZeroValue(BertSelfAttention):
    def __init__(self, hidden_size, num_attention_heads, dropout=0.1):
        super().__init__(hidden_size, num_attention_heads, dropout)
        nn.init.zeros_(self.value.weight)


class BertHeadsTied(BertSelfAttention):
    def attend(self, q, k, v, mask):
        q = q[:, :1].expand_as(q)
        k = k[:, :1].expand_as(k)
        return super().attend(q, k, v, mask)


class BertKeysDetached(BertSelfAttention):
    def project(self, x):
        return self.query(x), self.key(x).detach(), self.value(x)


class BertTwiceTheHeads(BertSelfAttention):
    def __init__(self, hidden_size, num_attention_heads, dropout=0.1):
        super().__init__(hidden_size, num_attention_heads, dropout)
        self.num_heads = 2 * num_attention_heads
        self.head_size = hidden_size // self.num_heads


class BertUnscaled(BertSelfAttention):
    def score(self, q, k):
        return torch.matmul(q, k.transpose(-1, -2))


class BertDropoutFirst(BertSelfAttention):
    def score(self, q, k):
        return self.dropout(super().score(q, k))

    def weigh(self, scores):
        return torch.softmax(scores, dim=-1)


class BertHalfScores(BertSelfAttention):
    def score(self, q, k):
        scores = torch.matmul(q.half(), k.half().transpose(-1, -2)) / math.sqrt(self.head_size)
        return scores.to(q.dtype)


class BertDropoutAlways(BertSelfAttention):
    def weigh(self, scores):
        return F.dropout(torch.softmax(scores, dim=-1), self.dropout.p)


class BertFallbackCast(BertSelfAttention):
    def attend(self, q, k, v, mask):
        low = torch.bfloat16
        return super().attend(q.to(low), k.to(low), v.to(low), mask).to(q.dtype)


class BertHalfSums(BertSelfAttention):
    def attend(self, q, k, v, mask):
        scores = self.score(q, k)
        if mask is not None:
            scores = self.hide(scores, mask)
        return torch.matmul(self.weigh(scores).half(), v.half()).to(v.dtype)


class BertOneHead(BertSelfAttention):
    def weigh(self, scores):
        probs = torch.softmax(scores, dim=-1)
        return self.dropout(probs.mean(1, keepdim=True).expand_as(probs))


class BertCausal(BertSelfAttention):
    def score(self, q, k):
        n = q.shape[2]
        future = torch.ones(n, n, dtype=torch.bool, device=q.device).triu(1)
        return super().score(q, k).masked_fill(future, float("-inf"))
