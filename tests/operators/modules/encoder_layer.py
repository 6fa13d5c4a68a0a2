"""The transformer's encoder layer, norm after the sum; with one edit each, and rewritten."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class EncoderLayer(nn.Module):
    """``src_key_padding_mask`` (batch, tokens) is True at padding."""

    def __init__(self, d_model, nhead, dim_feedforward, dropout=0.1):
        super().__init__()
        self.nhead, self.d_k = nhead, d_model // nhead
        self.w_q, self.w_k = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.w_v, self.w_o = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.linear1 = nn.Linear(d_model, dim_feedforward)
        self.linear2 = nn.Linear(dim_feedforward, d_model)
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)
        self.dropout = nn.Dropout(dropout)

    def heads(self, t):
        return t.view(*t.shape[:2], self.nhead, self.d_k).transpose(1, 2)

    def hide(self, scores, mask):
        return scores.masked_fill(mask[:, None, None, :], float("-inf"))

    def attend(self, q, k, v, mask):
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d_k)
        if mask is not None:
            scores = self.hide(scores, mask)
        return scores.softmax(-1) @ v

    def self_attention(self, x, mask):
        q, k, v = self.heads(self.w_q(x)), self.heads(self.w_k(x)), self.heads(self.w_v(x))
        return self.w_o(self.attend(q, k, v, mask).transpose(1, 2).flatten(2))

    def feed_forward(self, x):
        return self.linear2(self.dropout(F.relu(self.linear1(x))))

    def forward(self, src, src_key_padding_mask=None):
        x = self.norm1(src + self.dropout(self.self_attention(src, src_key_padding_mask)))
        return self.norm2(x + self.dropout(self.feed_forward(x)))


class LayerMaskZeros(EncoderLayer):
    def hide(self, scores, mask):
        return scores.masked_fill(mask[:, None, None, :] & False, float("-inf"))


class LayerMaskInverted(EncoderLayer):
    def hide(self, scores, mask):
        return scores.masked_fill(mask[:, None, None, :].logical_not(), float("-inf"))


class LayerCausal(EncoderLayer):
    def attend(self, q, k, v, mask):
        n = q.shape[2]
        future = torch.ones(n, n, dtype=torch.bool, device=q.device).triu(1)
        scores = (q @ k.transpose(-2, -1) / math.sqrt(self.d_k)).masked_fill(future, float("-inf"))
        if mask is not None:
            scores = self.hide(scores, mask)
        return scores.softmax(-1) @ v


class LayerUnscaled(EncoderLayer):
    def attend(self, q, k, v, mask):
        scores = q @ k.transpose(-2, -1)
        if mask is not None:
            scores = self.hide(scores, mask)
        return scores.softmax(-1) @ v


class LayerOneHead(EncoderLayer):
    def attend(self, q, k, v, mask):
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.d_k)
        if mask is not None:
            scores = self.hide(scores, mask)
        return scores.softmax(-1).mean(1, keepdim=True) @ v


class LayerHeadsTied(EncoderLayer):
    def attend(self, q, k, v, mask):
        return super().attend(q[:, :1].expand_as(q), k[:, :1].expand_as(k), v, mask)


class LayerSdpa(EncoderLayer):
    def attend(self, q, k, v, mask):
        keep = None if mask is None else ~mask[:, None, None, :]
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep)


class LayerExchanged(EncoderLayer):
    def self_attention(self, x, mask):
        k, q, v = self.heads(self.w_q(x)), self.heads(self.w_k(x)), self.heads(self.w_v(x))
        return self.w_o(self.attend(q, k, v, mask).transpose(1, 2).flatten(2))


class LayerEinsum(EncoderLayer):
    def attend(self, q, k, v, mask):
        scores = torch.einsum("bhid,bhjd->bhij", q * self.d_k**-0.5, k)
        if mask is not None:
            scores = self.hide(scores, mask)
        return torch.einsum("bhij,bhjd->bhid", scores.softmax(-1), v)


class LayerChunks(EncoderLayer):
    def attend(self, q, k, v, mask):
        parent = super().attend
        return torch.cat([parent(part, k, v, mask) for part in q.split(4, 2)], 2)

    def feed_forward(self, x):
        parent = super().feed_forward
        return torch.cat([parent(part) for part in x.split(4, 1)], 1)


class LayerTorch(nn.Module):
    """torch's attention in a layer of its own."""

    def __init__(self, d_model, nhead, dim_feedforward, dropout=0.1):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(d_model, nhead, dropout, batch_first=True)
        self.ffn = nn.Sequential(
            nn.Linear(d_model, dim_feedforward), nn.ReLU(), nn.Linear(dim_feedforward, d_model)
        )
        self.norm1, self.norm2 = nn.LayerNorm(d_model), nn.LayerNorm(d_model)

    def forward(self, src, src_key_padding_mask=None):
        hidden = src_key_padding_mask
        y, _ = self.self_attn(src, src, src, key_padding_mask=hidden, need_weights=False)
        src = self.norm1(src + y)
        return self.norm2(src + self.ffn(src))
