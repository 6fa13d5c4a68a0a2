"""A decoder's attention to the encoder's output; with one edit each, and rewritten."""

import math

import torch
import torch.nn.functional as F
from torch import einsum, nn


class CrossAttention(nn.Module):
    """``memory_key_padding_mask`` (batch, source tokens) is True at padding."""

    def __init__(self, d_model, nhead, dropout=0.1):
        super().__init__()
        self.nhead = nhead
        self.scale = (d_model // nhead) ** -0.5
        self.to_q = nn.Linear(d_model, d_model, bias=False)
        self.to_k = nn.Linear(d_model, d_model, bias=False)
        self.to_v = nn.Linear(d_model, d_model, bias=False)
        self.to_out = nn.Linear(d_model, d_model)
        self.drop = nn.Dropout(dropout)

    def heads(self, t):
        return t.unflatten(-1, (self.nhead, -1)).transpose(1, 2)

    def qkv(self, x, memory):
        return self.to_q(x), self.to_k(memory), self.to_v(memory)

    def similarity(self, q, k):
        return einsum("b h i d, b h j d -> b h i j", q, k) * self.scale

    def masked(self, sim, padding):
        return sim.masked_fill(padding[:, None, None], -torch.finfo(sim.dtype).max)

    def attention(self, sim):
        return self.drop(sim.softmax(dim=-1))

    def mix(self, attn, v):
        return einsum("b h i j, b h j d -> b h i d", attn, v)

    def attend(self, q, k, v, padding):
        sim = self.similarity(q, k)
        if padding is not None:
            sim = self.masked(sim, padding)
        return self.mix(self.attention(sim), v)

    def forward(self, x, memory, memory_key_padding_mask=None):
        q, k, v = (self.heads(t) for t in self.qkv(x, memory))
        out = self.attend(q, k, v, memory_key_padding_mask)
        return self.to_out(out.transpose(1, 2).flatten(-2))


class CrossMaskZeros(CrossAttention):
    def masked(self, sim, padding):
        return sim + torch.zeros_like(padding, dtype=sim.dtype)[:, None, None]


class CrossMaskInverted(CrossAttention):
    def masked(self, sim, padding):
        return sim.masked_fill(padding[:, None, None] == 0, -torch.finfo(sim.dtype).max)


class CrossMaskTiled(CrossAttention):
    def attend(self, q, k, v, padding):
        b, h, n, d = q.shape
        q, k, v = (t.reshape(b * h, -1, d) for t in (q, k, v))
        sim = einsum("b i d, b j d -> b i j", q, k) * self.scale
        if padding is not None:
            sim = sim.masked_fill(padding.repeat(h, 1)[:, None], -torch.finfo(sim.dtype).max)
        return einsum("b i j, b j d -> b i d", self.attention(sim), v).view(b, h, n, d)


class CrossValuesDetached(CrossAttention):
    def qkv(self, x, memory):
        with torch.no_grad():
            v = self.to_v(memory)
        return self.to_q(x), self.to_k(memory), v


class CrossViewHeads(CrossAttention):
    def heads(self, t):
        b, n, c = t.shape
        return t.reshape(b, self.nhead, n, c // self.nhead)


class CrossUnscaled(CrossAttention):
    def similarity(self, q, k):
        return einsum("b h i d, b h j d -> b h i j", q, k)


class CrossDropoutFirst(CrossAttention):
    def similarity(self, q, k):
        return self.drop(super().similarity(q, k))

    def attention(self, sim):
        return sim.softmax(dim=-1)


class CrossFixedDropout(CrossAttention):
    def attention(self, sim):
        return F.dropout(sim.softmax(dim=-1), 0.5, self.training)


class CrossHalfSums(CrossAttention):
    def mix(self, attn, v):
        return super().mix(attn.half(), v.half()).to(v.dtype)


class CrossCausal(CrossAttention):
    def similarity(self, q, k):
        sim = super().similarity(q, k)
        future = torch.ones(sim.shape[-2:], dtype=torch.bool, device=sim.device).triu(1)
        return sim.masked_fill(future, -torch.finfo(sim.dtype).max)


class CrossHeadLoop(CrossAttention):
    def attend(self, q, k, v, padding):
        out = torch.empty_like(q)
        for h in range(self.nhead):
            sim = q[:, h] @ k[:, h].mT * self.scale
            if padding is not None:
                sim = sim.masked_fill(padding[:, None], -math.inf)
            out[:, h] = self.attention(sim) @ v[:, h]
        return out


class CrossChunks(CrossAttention):
    def attend(self, q, k, v, padding):
        parent = super().attend
        return torch.cat([parent(part, k, v, padding) for part in q.chunk(3, dim=2)], dim=2)


class CrossSdpa(CrossAttention):
    def attend(self, q, k, v, padding):
        keep = None if padding is None else padding.logical_not()[:, None, None]
        return F.scaled_dot_product_attention(q, k, v, keep, self.drop.p * self.training)


class CrossMatmul(CrossAttention):
    def similarity(self, q, k):
        return torch.matmul(q / math.sqrt(q.shape[-1]), k.transpose(-2, -1))

    def mix(self, attn, v):
        return torch.matmul(attn, v)


class CrossKeysFirst(CrossAttention):
    """Scores are laid out keys by queries, and the softmax runs over the first."""

    def attend(self, q, k, v, padding):
        sim = torch.matmul(k, q.mT) * self.scale
        if padding is not None:
            sim = sim.masked_fill(padding[:, None, :, None], -math.inf)
        return torch.matmul(self.drop(sim.softmax(-2)).mT, v)


class CrossFused(nn.Module):
    def __init__(self, d_model, nhead, dropout=0.1):
        super().__init__()
        self.nhead, self.dropout = nhead, dropout
        self.to_q = nn.Linear(d_model, d_model, bias=False)
        self.to_kv = nn.Linear(d_model, 2 * d_model, bias=False)
        self.to_out = nn.Linear(d_model, d_model)

    def forward(self, x, memory, memory_key_padding_mask=None):
        q, (k, v) = self.to_q(x), self.to_kv(memory).chunk(2, -1)
        q, k, v = (t.unflatten(-1, (self.nhead, -1)).transpose(1, 2) for t in (q, k, v))
        hidden = memory_key_padding_mask
        keep = None if hidden is None else ~hidden[:, None, None]
        p = self.dropout if self.training else 0.0
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=keep, dropout_p=p)
        return self.to_out(y.transpose(1, 2).flatten(2))


class CrossTorch(nn.Module):
    def __init__(self, d_model, nhead, dropout=0.1):
        super().__init__()
        self.mha = nn.MultiheadAttention(d_model, nhead, dropout=dropout, batch_first=True)

    def forward(self, x, memory, memory_key_padding_mask=None):
        y, _ = self.mha(x, memory, memory, key_padding_mask=memory_key_padding_mask)
        return y
