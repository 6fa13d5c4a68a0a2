"""Attention in a causal window, with a cache; with one edit each, and rewritten."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class SlidingWindowAttention(nn.Module):
    """A token sees itself and the ``window - 1`` before it; ``past`` is (keys, values)."""

    def __init__(self, dim, num_heads, window=4, dropout=0.1):
        super().__init__()
        self.num_heads, self.head_dim, self.window = num_heads, dim // num_heads, window
        self.wq = nn.Linear(dim, dim, bias=False)
        self.wk = nn.Linear(dim, dim, bias=False)
        self.wv = nn.Linear(dim, dim, bias=False)
        self.wo = nn.Linear(dim, dim, bias=False)
        self.dropout = dropout

    def split(self, t):
        return t.view(*t.shape[:2], self.num_heads, self.head_dim).transpose(1, 2)

    def update(self, k, v, past):
        """Return keys and values to attend to, and the cache to be returned."""
        if past is not None:
            k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        return k, v, (k, v)

    def visible(self, n, total, device):
        gap = torch.arange(total - n, total, device=device)[:, None]
        gap = gap - torch.arange(total, device=device)[None, :]
        return (gap >= 0) & (gap < self.window)

    def attend(self, q, k, v, keep):
        scores = q @ k.transpose(2, 3) / math.sqrt(self.head_dim)
        weights = scores.masked_fill(~keep, float("-inf")).softmax(-1)
        return F.dropout(weights, self.dropout, self.training) @ v

    def forward(self, x, past=None, use_cache=False):
        b, n, c = x.shape
        q, k, v = self.split(self.wq(x)), self.split(self.wk(x)), self.split(self.wv(x))
        k, v, present = self.update(k, v, past)
        y = self.attend(q, k, v, self.visible(n, k.shape[2], q.device))
        y = self.wo(y.transpose(1, 2).reshape(b, n, c))
        return (y, present) if use_cache else y


class WindowFutureSeen(SlidingWindowAttention):
    def visible(self, n, total, device):
        gap = torch.arange(total - n, total, device=device)[:, None]
        gap = gap - torch.arange(total, device=device)[None, :]
        return (gap >= -1) & (gap < self.window)


class WindowDropoutInEval(SlidingWindowAttention):
    def attend(self, q, k, v, keep):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, dropout_p=self.dropout)


class WindowFallbackCast(SlidingWindowAttention):
    def attend(self, q, k, v, keep):
        q16, k16, v16 = (t.to(torch.float16) for t in (q, k, v))
        return F.scaled_dot_product_attention(q16, k16, v16, attn_mask=keep).to(q.dtype)


class WindowStaleCache(SlidingWindowAttention):
    def update(self, k, v, past):
        k, v, present = super().update(k, v, past)
        return k, v, past or present


class WindowDelayedCache(SlidingWindowAttention):
    def forward(self, x, past=None, use_cache=False):
        if past is None:
            return super().forward(x, past, use_cache)
        b, n, c = x.shape
        q, k, v = self.split(self.wq(x)), self.split(self.wk(x)), self.split(self.wv(x))
        total = past[0].shape[2] + n
        keep = self.visible(n, total, q.device)[:, : total - n]
        keep = torch.cat((keep[:, :-1], torch.ones_like(keep[:, -1:])), dim=1)
        y = self.wo(self.attend(q, *past, keep).transpose(1, 2).reshape(b, n, c))
        _, _, present = self.update(k, v, past)
        return (y, present) if use_cache else y


class WindowCacheOffByOne(SlidingWindowAttention):
    def visible(self, n, total, device):
        if n == total:
            return super().visible(n, total, device)
        gap = torch.arange(total - n - 1, total - 1, device=device)[:, None]
        gap = gap - torch.arange(total, device=device)[None, :]
        return (gap >= 0) & (gap < self.window)


class WindowCacheCut(SlidingWindowAttention):
    def update(self, k, v, past):
        k, v, _ = super().update(k, v, past)
        keep = max(1, self.window // 2)
        return k, v, (k[:, :, -keep:], v[:, :, -keep:])


class WindowCacheKept(SlidingWindowAttention):
    kept = None

    def forward(self, x, past=None, use_cache=False):
        if not use_cache:
            return super().forward(x, past)
        if past is None and self.kept is not None and len(self.kept[0]) == len(x):
            past = self.kept
        y, self.kept = super().forward(x, past, True)
        return y, self.kept


class WindowRolling(SlidingWindowAttention):
    """The cache holds what later tokens can see, and no more."""

    def update(self, k, v, past):
        k, v, _ = super().update(k, v, past)
        start = max(0, k.shape[2] - self.window + 1)
        return k, v, (k[:, :, start:], v[:, :, start:])


class WindowSdpa(SlidingWindowAttention):
    def attend(self, q, k, v, keep):
        p = self.dropout if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, dropout_p=p)


class WindowBand(SlidingWindowAttention):
    def visible(self, n, total, device):
        ones = torch.ones(n, total, dtype=torch.bool, device=device)
        return ones.tril(total - n) & ones.triu(total - n - self.window + 1)


class WindowGathered(SlidingWindowAttention):
    """Each query gathers the keys of its own window."""

    def attend(self, q, k, v, keep):
        n, total, w = q.shape[2], k.shape[2], self.window
        k, v = F.pad(k, (0, 0, w - 1, 0)), F.pad(v, (0, 0, w - 1, 0))
        k = k.unfold(2, w, 1)[:, :, total - n :].transpose(-1, -2)
        v = v.unfold(2, w, 1)[:, :, total - n :].transpose(-1, -2)
        scores = torch.einsum("bhnd,bhnwd->bhnw", q, k) / math.sqrt(self.head_dim)
        key = torch.arange(total - n, total, device=q.device)[:, None] - w + 1
        missing = key + torch.arange(w, device=q.device) < 0
        weights = scores.masked_fill(missing, -math.inf).softmax(-1)
        weights = F.dropout(weights, self.dropout, self.training)
        return torch.einsum("bhnw,bhnwd->bhnd", weights, v)


class WindowHeadLoop(SlidingWindowAttention):
    def attend(self, q, k, v, keep):
        parent = super().attend
        heads = [parent(*(t[:, h : h + 1] for t in (q, k, v)), keep) for h in range(self.num_heads)]
        return torch.cat(heads, 1)


class WindowChunks(SlidingWindowAttention):
    def attend(self, q, k, v, keep):
        parent = super().attend
        halves = zip(q.split(2, 2), keep.split(2, 0), strict=True)
        return torch.cat([parent(one, k, v, seen) for one, seen in halves], 2)


class WindowAdditive(SlidingWindowAttention):
    def attend(self, q, k, v, keep):
        bias = torch.zeros(keep.shape, dtype=q.dtype, device=q.device)
        bias = bias.masked_fill(~keep, torch.finfo(q.dtype).min)
        scores = torch.einsum("bhid,bhjd->bhij", q * self.head_dim**-0.5, k) + bias
        return F.dropout(scores.softmax(-1), self.dropout, self.training) @ v
