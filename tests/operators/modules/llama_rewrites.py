"""Llama's attention written in other ways: all compute the same."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class LlamaAttention(nn.Module):
    """``past_key_value`` is (keys, values) of the call before; ``use_cache`` returns a new one."""

    def __init__(self, hidden_size, num_heads, num_kv_heads, attention_dropout=0.1, rope_theta=1e4):
        super().__init__()
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        self.head_dim, self.rope_theta = hidden_size // num_heads, rope_theta
        self.attention_dropout = attention_dropout
        self.q_proj = nn.Linear(hidden_size, num_heads * self.head_dim, bias=False)
        self.k_proj = nn.Linear(hidden_size, num_kv_heads * self.head_dim, bias=False)
        self.v_proj = nn.Linear(hidden_size, num_kv_heads * self.head_dim, bias=False)
        self.o_proj = nn.Linear(num_heads * self.head_dim, hidden_size, bias=False)

    def drop(self, weights):
        return F.dropout(weights, self.attention_dropout, self.training)

    def angles(self, x, start):
        d = self.head_dim
        freq = 1.0 / self.rope_theta ** (torch.arange(0, d, 2, device=x.device).to(x.dtype) / d)
        return torch.outer(
            torch.arange(start, start + x.shape[2], device=x.device).to(x.dtype), freq
        )

    def turn(self, x, start):
        angle = self.angles(x, start)
        a, b = x[..., : self.head_dim // 2], x[..., self.head_dim // 2 :]
        cos, sin = angle.cos(), angle.sin()
        return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)

    def attend(self, q, k, v, keep):
        g = self.num_heads // self.num_kv_heads
        k, v = k.repeat_interleave(g, 1), v.repeat_interleave(g, 1)
        scores = (q @ k.mT * self.head_dim**-0.5).masked_fill(~keep, -math.inf)
        return self.drop(scores.softmax(-1)) @ v

    def forward(self, hidden_states, past_key_value=None, use_cache=False):
        b, n, _ = hidden_states.shape
        heads = (self.num_heads, self.num_kv_heads, self.num_kv_heads)
        layers = (self.q_proj, self.k_proj, self.v_proj)
        q, k, v = (
            layer(hidden_states).view(b, n, h, self.head_dim).transpose(1, 2)
            for layer, h in zip(layers, heads, strict=True)
        )
        past = 0 if past_key_value is None else past_key_value[0].size(2)
        q, k = self.turn(q, past), self.turn(k, past)
        if past_key_value is not None:
            k, v = torch.cat([past_key_value[0], k], 2), torch.cat([past_key_value[1], v], 2)
        keep = torch.ones(n, past + n, dtype=torch.bool, device=q.device).tril(past)
        out = self.o_proj(self.attend(q, k, v, keep).transpose(1, 2).reshape(b, n, -1))
        return (out, (k, v)) if use_cache else out


class LlamaBothShifted(LlamaAttention):
    """Positions count from one: their differences are what they were."""

    def turn(self, x, start):
        return super().turn(x, start + 1)


class LlamaComplex(LlamaAttention):
    def turn(self, x, start):
        angle = self.angles(x, start)
        turns = torch.polar(torch.ones_like(angle), angle)
        a, b = x.chunk(2, -1)
        turned = torch.complex(a.contiguous(), b.contiguous()) * turns
        return torch.cat((turned.real, turned.imag), -1)


class LlamaGroupLoop(LlamaAttention):
    def attend(self, q, k, v, keep):
        out, times = [], self.num_heads // self.num_kv_heads
        for head in range(self.num_heads):
            key, value = k[:, head // times], v[:, head // times]
            scores = q[:, head] @ key.mT / math.sqrt(self.head_dim)
            out.append(self.drop(scores.masked_fill(~keep, -math.inf).softmax(-1)) @ value)
        return torch.stack(out, 1)


class LlamaChunks(LlamaAttention):
    def attend(self, q, k, v, keep):
        parent = super().attend
        parts = zip(q.split(3, 2), keep.split(3, 0), strict=True)
        return torch.cat([parent(one, k, v, seen) for one, seen in parts], 2)


class LlamaGrouped(LlamaAttention):
    def attend(self, q, k, v, keep):
        b, _, n, d = q.shape
        q = q.view(b, self.num_kv_heads, -1, n, d)
        scores = torch.einsum("bgrnd,bgmd->bgrnm", q, k) / math.sqrt(d)
        weights = self.drop(scores.masked_fill(~keep, -math.inf).softmax(-1))
        return torch.einsum("bgrnm,bgmd->bgrnd", weights, v).flatten(1, 2)


class LlamaExpanded(LlamaAttention):
    def attend(self, q, k, v, keep):
        b, g, m, d = k.shape
        times = self.num_heads // g
        k = k[:, :, None].expand(b, g, times, m, d).reshape(b, g * times, m, d)
        v = v[:, :, None].expand(b, g, times, m, d).reshape(b, g * times, m, d)
        p = self.attention_dropout if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, dropout_p=p)


class LlamaSdpaGrouped(LlamaAttention):
    def attend(self, q, k, v, keep):
        p = self.attention_dropout if self.training else 0.0
        bias = torch.zeros_like(keep, dtype=q.dtype).masked_fill(~keep, -math.inf)
        return F.scaled_dot_product_attention(q, k, v, bias, dropout_p=p, enable_gqa=True)


class LlamaNegativeTurn(LlamaAttention):
    """The other direction of rotation with the halves the other way round."""

    def turn(self, x, start):
        angle = -self.angles(x, start)
        b, a = x.chunk(2, -1)
        return torch.cat((b * angle.cos() + a * angle.sin(), a * angle.cos() - b * angle.sin()), -1)


class LlamaFloatSoftmax(LlamaAttention):
    def attend(self, q, k, v, keep):
        g = self.num_heads // self.num_kv_heads
        k, v = k.repeat_interleave(g, 1), v.repeat_interleave(g, 1)
        scores = torch.where(keep, q @ k.mT, torch.finfo(q.dtype).min) / math.sqrt(self.head_dim)
        return self.drop(scores.softmax(-1, dtype=scores.dtype)) @ v


class LlamaFused(nn.Module):
    """One projection for all, its cosines from a table."""

    def __init__(self, hidden_size, num_heads, num_kv_heads, max_positions=2048):
        super().__init__()
        self.h, self.g, self.d = num_heads, num_kv_heads, hidden_size // num_heads
        self.wqkv = nn.Linear(hidden_size, (num_heads + 2 * num_kv_heads) * self.d, bias=False)
        self.wo = nn.Linear(num_heads * self.d, hidden_size, bias=False)
        freq = 10000 ** (-torch.arange(0, self.d, 2, dtype=torch.float64) / self.d)
        angle = torch.arange(max_positions)[:, None] * torch.cat((freq, freq))
        self.register_buffer("cos", angle.cos(), persistent=False)
        self.register_buffer("sin", angle.sin(), persistent=False)

    def turn(self, x, at):
        a, b = x.chunk(2, -1)
        turned = torch.cat((-b, a), -1)
        return x * self.cos[at].to(x.dtype) + turned * self.sin[at].to(x.dtype)

    def forward(self, hidden_states, past_key_value=None, use_cache=False):
        b, n, _ = hidden_states.shape
        fused = self.wqkv(hidden_states).view(b, n, -1, self.d).transpose(1, 2)
        q, k, v = fused.split((self.h, self.g, self.g), 1)
        past = 0 if past_key_value is None else past_key_value[0].shape[2]
        at = slice(past, past + n)
        q, k = self.turn(q, at), self.turn(k, at)
        if past_key_value is not None:
            k = torch.cat((past_key_value[0], k), 2)
            v = torch.cat((past_key_value[1], v), 2)
        keys = torch.arange(past + n, device=q.device)
        late = keys[None] > keys[past:, None]
        scores = q @ k.repeat_interleave(self.h // self.g, 1).mT / math.sqrt(self.d)
        weights = scores.masked_fill(late, -math.inf).softmax(-1)
        y = weights @ v.repeat_interleave(self.h // self.g, 1)
        y = self.wo(y.transpose(1, 2).reshape(b, n, -1))
        return (y, (k, v)) if use_cache else y
