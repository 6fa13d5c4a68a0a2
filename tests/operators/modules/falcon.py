"""Falcon's attention: one key head, causal, a cache; with one edit each, and rewritten."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class MultiQueryAttention(nn.Module):
    """``layer_past`` is (keys, values), each (batch, tokens, head width)."""

    def __init__(self, hidden_size, num_attention_heads):
        super().__init__()
        self.num_heads, self.head_dim = num_attention_heads, hidden_size // num_attention_heads
        self.query_key_value = nn.Linear(hidden_size, hidden_size + 2 * self.head_dim, bias=False)
        self.dense = nn.Linear(hidden_size, hidden_size, bias=False)

    def update(self, k, v, past):
        """Return keys and values to attend to, and the cache to be returned."""
        if past is not None:
            k, v = torch.cat((past[0], k), dim=1), torch.cat((past[1], v), dim=1)
        return k, v, (k, v)

    def late(self, n, total, device):
        return torch.ones(n, total, dtype=torch.bool, device=device).triu(total - n + 1)

    def mix(self, weights, v):
        return weights @ v.unsqueeze(1)

    def attend(self, q, k, v, late):
        scores = q @ k.unsqueeze(1).transpose(-1, -2) / math.sqrt(self.head_dim)
        return self.mix(scores.masked_fill(late, float("-inf")).softmax(-1), v)

    def forward(self, hidden_states, layer_past=None, use_cache=False):
        b, n, c = hidden_states.shape
        fused = self.query_key_value(hidden_states)
        q, k, v = fused.split((c, self.head_dim, self.head_dim), dim=-1)
        q = q.view(b, n, self.num_heads, self.head_dim).transpose(1, 2)
        k, v, present = self.update(k, v, layer_past)
        y = self.attend(q, k, v, self.late(n, k.shape[1], q.device))
        y = self.dense(y.transpose(1, 2).reshape(b, n, c))
        return (y, present) if use_cache else y


class FalconFutureSeen(MultiQueryAttention):
    def late(self, n, total, device):
        return torch.ones(n, total, dtype=torch.bool, device=device).triu(total - n + 2)


class FalconHalfSums(MultiQueryAttention):
    def mix(self, weights, v):
        return (weights.half() @ v.half().unsqueeze(1)).to(v.dtype)


class FalconStaleCache(MultiQueryAttention):
    def update(self, k, v, past):
        k, v, present = super().update(k, v, past)
        return k, v, present if past is None else past


class FalconDelayedCache(MultiQueryAttention):
    def forward(self, hidden_states, layer_past=None, use_cache=False):
        if layer_past is None:
            return super().forward(hidden_states, None, use_cache)
        b, n, c = hidden_states.shape
        fused = self.query_key_value(hidden_states)
        q, k, v = fused.split((c, self.head_dim, self.head_dim), dim=-1)
        q = q.view(b, n, self.num_heads, self.head_dim).transpose(1, 2)
        y = self.attend(q, *layer_past, torch.zeros(n, 1, dtype=torch.bool, device=q.device))
        y = self.dense(y.transpose(1, 2).reshape(b, n, c))
        _, _, present = self.update(k, v, layer_past)
        return (y, present) if use_cache else y


class FalconCacheOffByOne(MultiQueryAttention):
    def late(self, n, total, device):
        cached = total - n
        return torch.ones(n, total, dtype=torch.bool, device=device).triu(cached + (cached == 0))


class FalconCacheCut(MultiQueryAttention):
    def update(self, k, v, past):
        k, v, _ = super().update(k, v, past)
        return k, v, (k[:, -10:], v[:, -10:])


class FalconCacheKept(MultiQueryAttention):
    def __init__(self, hidden_size, num_attention_heads):
        super().__init__(hidden_size, num_attention_heads)
        self.cache = []

    def forward(self, hidden_states, layer_past=None, use_cache=False):
        if not use_cache:
            return super().forward(hidden_states, layer_past)
        if layer_past is None and self.cache and len(self.cache[0]) == len(hidden_states):
            layer_past = self.cache
        y, present = super().forward(hidden_states, layer_past, True)
        self.cache[:] = present
        return y, present


class FalconSdpa(MultiQueryAttention):
    def attend(self, q, k, v, late):
        k, v = (t.unsqueeze(1).expand(-1, self.num_heads, -1, -1) for t in (k, v))
        return F.scaled_dot_product_attention(q, k, v, attn_mask=~late)


class FalconEinsum(MultiQueryAttention):
    def attend(self, q, k, v, late):
        scores = torch.einsum("bhnd,bmd->bhnm", q * self.head_dim**-0.5, k)
        return torch.einsum("bhnm,bmd->bhnd", scores.masked_fill(late, -math.inf).softmax(-1), v)


class FalconFolded(MultiQueryAttention):
    """All heads' queries are rows of one product."""

    def attend(self, q, k, v, late):
        b, h, n, d = q.shape
        scores = torch.bmm(q.reshape(b, h * n, d), k.mT).div(math.sqrt(d)).view(b, h, n, -1)
        weights = scores.masked_fill(late, torch.finfo(q.dtype).min).softmax(-1)
        return torch.bmm(weights.view(b, h * n, -1), v).view(b, h, n, d)


class FalconHeadLoop(MultiQueryAttention):
    def attend(self, q, k, v, late):
        out = []
        for query in q.unbind(1):
            scores = query @ k.mT / math.sqrt(self.head_dim)
            out.append(scores.masked_fill(late, -math.inf).softmax(-1) @ v)
        return torch.stack(out, 1)


class FalconChunks(MultiQueryAttention):
    def attend(self, q, k, v, late):
        parent = super().attend
        return torch.cat(
            [parent(q[:, :, i], k, v, late[i]) for i in torch.arange(q.shape[2]).split(3)], 2
        )


class FalconSeparate(nn.Module):
    def __init__(self, hidden_size, num_attention_heads):
        super().__init__()
        self.h, self.d = num_attention_heads, hidden_size // num_attention_heads
        self.q_proj = nn.Linear(hidden_size, hidden_size, bias=False)
        self.kv_proj = nn.Linear(hidden_size, 2 * self.d, bias=False)
        self.out_proj = nn.Linear(hidden_size, hidden_size, bias=False)

    def forward(self, hidden_states, layer_past=None, use_cache=False):
        b, n, c = hidden_states.shape
        q = self.q_proj(hidden_states).view(b, n, self.h, self.d)
        k, v = self.kv_proj(hidden_states).chunk(2, dim=-1)
        if layer_past is not None:
            k, v = torch.cat((layer_past[0], k), 1), torch.cat((layer_past[1], v), 1)
        at = torch.arange(k.shape[1], device=q.device)
        bias = torch.where(at[None] > at[-n:, None], -math.inf, 0.0).to(q.dtype)
        scores = torch.einsum("bnhd,bmd->bhnm", q, k) / math.sqrt(self.d) + bias
        y = torch.einsum("bhnm,bmd->bnhd", scores.softmax(-1), v).reshape(b, n, c)
        return (self.out_proj(y), (k, v)) if use_cache else self.out_proj(y)
