"""BERT's self-attention written in other ways: all compute the same."""

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

    def cut(self, x):
        b, n, _ = x.shape
        return x.view(b, n, self.num_heads, self.head_size).transpose(1, 2)

    def attend(self, q, k, v, mask):
        scores = q @ k.transpose(-1, -2) / self.head_size**0.5
        if mask is not None:
            scores = scores.masked_fill(mask[:, None, None, :], float("-inf"))
        return self.dropout(scores.softmax(-1)) @ v

    def forward(self, hidden_states, key_padding_mask=None):
        x = hidden_states
        q, k, v = self.cut(self.query(x)), self.cut(self.key(x)), self.cut(self.value(x))
        y = self.attend(q, k, v, key_padding_mask)
        return self.dense(y.transpose(1, 2).reshape(x.shape))


class BertExchanged(BertSelfAttention):
    def forward(self, hidden_states, key_padding_mask=None):
        x = hidden_states
        q, k, v = self.cut(self.key(x)), self.cut(self.query(x)), self.cut(self.value(x))
        y = self.attend(q, k, v, key_padding_mask)
        return self.dense(y.transpose(1, 2).reshape(x.shape))


class BertHeadLoop(BertSelfAttention):
    def attend(self, q, k, v, mask):
        heads = []
        for i in range(self.num_heads):
            scores = q[:, i] @ k[:, i].transpose(1, 2) / math.sqrt(self.head_size)
            if mask is not None:
                scores = scores.masked_fill(mask[:, None, :], float("-inf"))
            heads.append(self.dropout(F.softmax(scores, dim=-1)) @ v[:, i])
        return torch.stack(heads, 1)


class BertQueryChunks(BertSelfAttention):
    def attend(self, q, k, v, mask):
        parent = super().attend
        return torch.cat([parent(part, k, v, mask) for part in q.split(4, 2)], 2)


class BertEinsum(BertSelfAttention):
    def attend(self, q, k, v, mask):
        scores = torch.einsum("bhid,bhjd->bhij", q, k) * self.head_size**-0.5
        if mask is not None:
            scores = scores.masked_fill(mask[:, None, None], -math.inf)
        return torch.einsum("bhij,bhjd->bhid", self.dropout(scores.softmax(-1)), v)


class BertSdpa(BertSelfAttention):
    def attend(self, q, k, v, mask):
        keep = None if mask is None else ~mask[:, None, None, :]
        p = self.dropout.p if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, dropout_p=p)


class BertMathBackend(BertSelfAttention):
    def attend(self, q, k, v, mask):
        keep = None if mask is None else ~mask[:, None, None, :]
        p = self.dropout.p if self.training else 0.0
        with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
            return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, dropout_p=p)


class BertAdditive(BertSelfAttention):
    def attend(self, q, k, v, mask):
        scores = q.matmul(k.mT) / math.sqrt(self.head_size)
        if mask is not None:
            bias = torch.zeros_like(mask, dtype=q.dtype).masked_fill(mask, -math.inf)
            scores = scores + bias[:, None, None, :]
        return self.dropout(scores.softmax(-1)).matmul(v)


class BertScaledQuery(BertSelfAttention):
    def attend(self, q, k, v, mask):
        q = q * self.head_size**-0.25
        k = k * self.head_size**-0.25
        scores = q @ k.transpose(-1, -2)
        if mask is not None:
            scores = torch.where(mask[:, None, None, :], -math.inf, scores)
        return self.dropout(scores.softmax(-1)) @ v


class BertBmm(BertSelfAttention):
    def attend(self, q, k, v, mask):
        b, h, n, d = q.shape
        q, k, v = (t.reshape(b * h, n, d) for t in (q, k, v))
        scores = torch.bmm(q, k.transpose(1, 2)).div(math.sqrt(d))
        if mask is not None:
            scores = scores.masked_fill(mask.repeat_interleave(h, 0)[:, None, :], -math.inf)
        return torch.bmm(self.dropout(F.softmax(scores, -1)), v).view(b, h, n, d)


class BertExpSum(BertSelfAttention):
    def attend(self, q, k, v, mask):
        scores = q @ k.transpose(-1, -2) / math.sqrt(self.head_size)
        if mask is not None:
            scores = scores.masked_fill(mask[:, None, None, :], -math.inf)
        e = (scores - scores.amax(-1, keepdim=True)).exp()
        return self.dropout(e / e.sum(-1, keepdim=True)) @ v


class BertOnline(BertSelfAttention):
    def attend(self, q, k, v, mask):
        top = q.new_full((*q.shape[:-1], 1), torch.finfo(q.dtype).min)
        total, out = torch.zeros_like(top), torch.zeros_like(q)
        for at in range(0, k.shape[2], 4):
            s = q @ k[:, :, at : at + 4].transpose(-1, -2) / math.sqrt(self.head_size)
            if mask is not None:
                s = s.masked_fill(mask[:, None, None, at : at + 4], -math.inf)
            new = torch.maximum(top, s.amax(-1, keepdim=True))
            p, old = (s - new).exp(), (top - new).exp()
            total = total * old + p.sum(-1, keepdim=True)
            out = out * old + self.dropout(p) @ v[:, :, at : at + 4]
            top = new
        return out / total


class BertFusedKVQ(nn.Module):
    """One projection, its rows in the order key, value, query."""

    def __init__(self, hidden_size, num_attention_heads, dropout=0.1):
        super().__init__()
        self.num_heads = num_attention_heads
        self.kvq = nn.Linear(hidden_size, 3 * hidden_size)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden_states, key_padding_mask=None):
        b, n, c = hidden_states.shape
        kvq = self.kvq(hidden_states).reshape(b, n, 3, self.num_heads, c // self.num_heads)
        k, v, q = kvq.permute(2, 0, 3, 1, 4).unbind(0)
        scores = q @ k.mT * (c // self.num_heads) ** -0.5
        if key_padding_mask is not None:
            scores = scores.masked_fill(key_padding_mask[:, None, None, :], -math.inf)
        y = self.dropout(scores.softmax(-1)) @ v
        return self.dense(y.transpose(1, 2).reshape(b, n, c))


class BertTorch(nn.Module):
    """torch's own layer, wrapped."""

    def __init__(self, hidden_size, num_attention_heads, dropout=0.1):
        super().__init__()
        self.attn = nn.MultiheadAttention(
            hidden_size, num_attention_heads, dropout, batch_first=True
        )

    def forward(self, hidden_states, key_padding_mask=None):
        x = hidden_states
        return self.attn(x, x, x, key_padding_mask=key_padding_mask, need_weights=False)[0]
