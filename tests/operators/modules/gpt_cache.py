"""Causal attention that returns its cache with its output; with one edit each, and rewritten."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class CachedAttention(nn.Module):
    """``past`` is (keys, values) as the call before returned them."""

    def __init__(self, embed_dim, num_heads):
        super().__init__()
        self.num_heads, self.head_dim = num_heads, embed_dim // num_heads
        self.q_proj = nn.Linear(embed_dim, embed_dim)
        self.k_proj = nn.Linear(embed_dim, embed_dim)
        self.v_proj = nn.Linear(embed_dim, embed_dim)
        self.out_proj = nn.Linear(embed_dim, embed_dim)

    def split(self, t):
        b, n, _ = t.shape
        return t.view(b, n, self.num_heads, self.head_dim).transpose(1, 2)

    def update(self, k, v, past):
        """Return keys and values to attend to, and the cache to be returned."""
        if past is not None:
            k, v = torch.cat([past[0], k], dim=-2), torch.cat([past[1], v], dim=-2)
        return k, v, (k, v)

    def late(self, n, total, device):
        return torch.ones(n, total, dtype=torch.bool, device=device).triu(total - n + 1)

    def attend(self, q, k, v, late):
        scores = q @ k.transpose(-2, -1) / math.sqrt(self.head_dim)
        return scores.masked_fill(late, float("-inf")).softmax(-1) @ v

    def forward(self, x, past=None):
        b, n, c = x.shape
        q, k, v = self.split(self.q_proj(x)), self.split(self.k_proj(x)), self.split(self.v_proj(x))
        k, v, present = self.update(k, v, past)
        y = self.attend(q, k, v, self.late(n, k.shape[2], q.device))
        return self.out_proj(y.transpose(1, 2).reshape(b, n, c)), present


class CachedStale(CachedAttention):
    def update(self, k, v, past):
        if past is None:
            return k, v, (k, v)
        return torch.cat([past[0], k], dim=-2), torch.cat([past[1], v], dim=-2), past


class CachedDelayed(CachedAttention):
    def forward(self, x, past=None):
        b, n, c = x.shape
        q, k, v = self.split(self.q_proj(x)), self.split(self.k_proj(x)), self.split(self.v_proj(x))
        all_k, all_v, present = self.update(k, v, past)
        late = self.late(n, all_k.shape[2], q.device)
        if past is not None:
            all_k, all_v = past
            late = late[:, : all_k.shape[2]]
        y = self.attend(q, all_k, all_v, late)
        return self.out_proj(y.transpose(1, 2).reshape(b, n, c)), present


class CachedOffByOne(CachedAttention):
    def late(self, n, total, device):
        diagonal = total - n + (1 if n == total else 0)
        return torch.ones(n, total, dtype=torch.bool, device=device).triu(diagonal)


class CachedCut(CachedAttention):
    limit = 12

    def update(self, k, v, past):
        k, v, _ = super().update(k, v, past)
        return k, v, (k[..., -self.limit :, :], v[..., -self.limit :, :])


class CachedKept(CachedAttention):
    def __init__(self, embed_dim, num_heads):
        super().__init__(embed_dim, num_heads)
        self.cache_k = self.cache_v = None

    def update(self, k, v, past):
        if past is None and self.cache_k is not None and len(self.cache_k) == len(k):
            past = (self.cache_k, self.cache_v)
        k, v, present = super().update(k, v, past)
        self.cache_k, self.cache_v = (t.detach() for t in present)
        return k, v, present


class CachedFutureSeen(CachedAttention):
    def late(self, n, total, device):
        return torch.ones(n, total, dtype=torch.bool, device=device).triu(total - n + 2)


class CachedUnscaled(CachedAttention):
    def attend(self, q, k, v, late):
        return (q @ k.transpose(-2, -1)).masked_fill(late, float("-inf")).softmax(-1) @ v


class CachedSdpa(CachedAttention):
    def attend(self, q, k, v, late):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=late.logical_not())


class CachedExchanged(CachedAttention):
    """Its query layer makes the keys."""

    def forward(self, x, past=None):
        b, n, c = x.shape
        k, q, v = self.split(self.q_proj(x)), self.split(self.k_proj(x)), self.split(self.v_proj(x))
        k, v, present = self.update(k, v, past)
        y = self.attend(q, k, v, self.late(n, k.shape[2], q.device))
        return self.out_proj(y.transpose(1, 2).reshape(b, n, c)), present


class CachedPrefill(CachedAttention):
    """torch's causal flag for a prompt, no mask at all for a single token."""

    def attend(self, q, k, v, late):
        if q.shape[2] == k.shape[2]:
            return F.scaled_dot_product_attention(q, k, v, is_causal=True)
        if q.shape[2] == 1:
            return F.scaled_dot_product_attention(q, k, v)
        return super().attend(q, k, v, late)


class CachedPositions(CachedAttention):
    def late(self, n, total, device):
        keys = torch.arange(total, device=device)
        return keys.unsqueeze(0) > keys[-n:].unsqueeze(1)


class CachedHeadLoop(CachedAttention):
    def attend(self, q, k, v, late):
        parent = super().attend
        return torch.stack(
            [parent(q[:, h], k[:, h], v[:, h], late) for h in range(self.num_heads)], 1
        )


class CachedTokenChunks(CachedAttention):
    def attend(self, q, k, v, late):
        parent = super().attend
        rows = [parent(q[:, :, i : i + 1], k, v, late[i : i + 1]) for i in range(q.shape[2])]
        return torch.cat(rows, 2)


class CachedFused(nn.Module):
    """One projection; the cache is laid out (batch, tokens, heads, width)."""

    def __init__(self, embed_dim, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(embed_dim, 3 * embed_dim)
        self.proj = nn.Linear(embed_dim, embed_dim)

    def forward(self, x, past=None):
        b, n, c = x.shape
        q, k, v = self.qkv(x).view(b, n, 3, self.num_heads, -1).unbind(2)
        if past is not None:
            k, v = torch.cat((past[0], k), 1), torch.cat((past[1], v), 1)
        scores = torch.einsum("bnhd,bmhd->bhnm", q, k) * q.shape[-1] ** -0.5
        rows = torch.arange(k.shape[1] - n, k.shape[1], device=x.device)
        late = torch.arange(k.shape[1], device=x.device) > rows[:, None]
        weights = scores.masked_fill(late, torch.finfo(x.dtype).min).softmax(-1)
        y = torch.einsum("bhnm,bmhd->bnhd", weights, v)
        return self.proj(y.reshape(b, n, c)), (k, v)
