"""Llama's attention: grouped heads, rotary, causal, a cache; and with one edit each."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def rotate_half(x):
    first, second = x.chunk(2, dim=-1)
    return torch.cat((-second, first), dim=-1)


def repeat_kv(x, times):
    return x.repeat_interleave(times, dim=1)


class LlamaAttention(nn.Module):
    """``past_key_value`` is (keys, values) of the call before; ``use_cache`` returns a new one."""

    def __init__(self, hidden_size, num_heads, num_kv_heads, attention_dropout=0.1, rope_theta=1e4):
        super().__init__()
        self.num_heads, self.num_kv_heads = num_heads, num_kv_heads
        self.head_dim = hidden_size // num_heads
        self.attention_dropout = attention_dropout
        self.q_proj = nn.Linear(hidden_size, num_heads * self.head_dim, bias=False)
        self.k_proj = nn.Linear(hidden_size, num_kv_heads * self.head_dim, bias=False)
        self.v_proj = nn.Linear(hidden_size, num_kv_heads * self.head_dim, bias=False)
        self.o_proj = nn.Linear(num_heads * self.head_dim, hidden_size, bias=False)
        inv_freq = rope_theta ** (-torch.arange(0, self.head_dim, 2).float() / self.head_dim)
        self.register_buffer("inv_freq", inv_freq, persistent=False)

    def project(self, x):
        b, n, _ = x.shape
        q = self.q_proj(x).view(b, n, self.num_heads, self.head_dim)
        k = self.k_proj(x).view(b, n, self.num_kv_heads, self.head_dim)
        v = self.v_proj(x).view(b, n, self.num_kv_heads, self.head_dim)
        return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)

    def turn(self, x, positions):
        angles = positions[:, None].to(self.inv_freq.dtype) * self.inv_freq
        angles = torch.cat((angles, angles), dim=-1)
        return x * angles.cos().to(x.dtype) + rotate_half(x) * angles.sin().to(x.dtype)

    def rotate(self, q, k, positions):
        return self.turn(q, positions), self.turn(k, positions)

    def update(self, k, v, past):
        """Return keys and values to attend to, and the cache to be returned."""
        if past is not None:
            k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        return k, v, (k, v)

    def score(self, q, k):
        return q @ k.transpose(2, 3) / math.sqrt(self.head_dim)

    def hidden(self, start, n, total, device):
        rows = torch.arange(start, start + n, device=device)
        return torch.arange(total, device=device)[None, :] > rows[:, None]

    def weigh(self, scores):
        return F.dropout(scores.softmax(-1), self.attention_dropout, self.training)

    def attend(self, q, k, v, hidden):
        k, v = (
            repeat_kv(k, self.num_heads // self.num_kv_heads),
            repeat_kv(v, self.num_heads // self.num_kv_heads),
        )
        return self.weigh(self.score(q, k).masked_fill(hidden, float("-inf"))) @ v

    def start(self, past):
        return 0 if past is None else past[0].shape[2]

    def forward(self, hidden_states, past_key_value=None, use_cache=False):
        b, n, _ = hidden_states.shape
        q, k, v = self.project(hidden_states)
        start = self.start(past_key_value)
        positions = torch.arange(start, start + n, device=q.device)
        q, k = self.rotate(q, k, positions)
        k, v, present = self.update(k, v, past_key_value)
        y = self.attend(q, k, v, self.hidden(start, n, k.shape[2], q.device))
        y = self.o_proj(y.transpose(1, 2).reshape(b, n, -1))
        return (y, present) if use_cache else y


class LlamaFutureSeen(LlamaAttention):
    def hidden(self, start, n, total, device):
        rows = torch.arange(start, start + n, device=device)
        return torch.arange(total, device=device)[None, :] > rows[:, None] + 1


class LlamaZeroQuery(LlamaAttention):
    def __init__(self, hidden_size, num_heads, num_kv_heads, attention_dropout=0.1):
        super().__init__(hidden_size, num_heads, num_kv_heads, attention_dropout)
        nn.init.zeros_(self.q_proj.weight)


class LlamaZeroKey(LlamaAttention):
    def __init__(self, hidden_size, num_heads, num_kv_heads, attention_dropout=0.1):
        super().__init__(hidden_size, num_heads, num_kv_heads, attention_dropout)
        nn.init.constant_(self.k_proj.weight, 0.0)


class LlamaZeroValue(LlamaAttention):
    def __init__(self, hidden_size, num_heads, num_kv_heads, attention_dropout=0.1):
        super().__init__(hidden_size, num_heads, num_kv_heads, attention_dropout)
        self.v_proj.weight.data.zero_()


class LlamaHeadsTied(LlamaAttention):
    def project(self, x):
        q, k, v = super().project(x)
        return q[:, :1].repeat(1, self.num_heads, 1, 1), k, v


class LlamaFrozenQuery(LlamaAttention):
    def __init__(self, hidden_size, num_heads, num_kv_heads, attention_dropout=0.1):
        super().__init__(hidden_size, num_heads, num_kv_heads, attention_dropout)
        self.q_proj.requires_grad_(False)


class LlamaTiledGroups(LlamaAttention):
    def attend(self, q, k, v, hidden):
        times = self.num_heads // self.num_kv_heads
        k, v = k.repeat(1, times, 1, 1), v.repeat(1, times, 1, 1)
        return self.weigh(self.score(q, k).masked_fill(hidden, float("-inf"))) @ v


class LlamaUnscaled(LlamaAttention):
    def score(self, q, k):
        return q @ k.transpose(2, 3)


class LlamaHalfScores(LlamaAttention):
    def score(self, q, k):
        return (q.half() @ k.half().transpose(2, 3)).to(q.dtype) / math.sqrt(self.head_dim)


class LlamaNoPositions(LlamaAttention):
    def rotate(self, q, k, positions):
        return q, k


class LlamaShifted(LlamaAttention):
    def rotate(self, q, k, positions):
        return self.turn(q, positions + 1), self.turn(k, positions)


class LlamaPositionsCut(LlamaAttention):
    def rotate(self, q, k, positions):
        positions = positions.clamp(max=7)
        return self.turn(q, positions), self.turn(k, positions)


class LlamaFallbackCast(LlamaAttention):
    def attend(self, q, k, v, hidden):
        y = super().attend(q.bfloat16(), k.bfloat16(), v.bfloat16(), hidden)
        return y.to(q.dtype)


class LlamaHalfSums(LlamaAttention):
    def attend(self, q, k, v, hidden):
        times = self.num_heads // self.num_kv_heads
        k, v = repeat_kv(k, times), repeat_kv(v, times)
        weights = self.weigh(self.score(q, k).masked_fill(hidden, float("-inf")))
        return (weights.bfloat16() @ v.bfloat16()).to(v.dtype)


class LlamaOneHead(LlamaAttention):
    def weigh(self, scores):
        weights = scores.softmax(-1).mean(1, keepdim=True).expand_as(scores)
        return F.dropout(weights, self.attention_dropout, self.training)


class LlamaStaleCache(LlamaAttention):
    def update(self, k, v, past):
        if past is None:
            return k, v, (k, v)
        return torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2), past


class LlamaDelayedCache(LlamaAttention):
    def update(self, k, v, past):
        if past is None:
            return k, v, (k, v)
        present = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        return past[0], past[1], present


class LlamaCacheOffByOne(LlamaAttention):
    def start(self, past):
        return 0 if past is None else past[0].shape[2] - 1


class LlamaCacheCut(LlamaAttention):
    def update(self, k, v, past):
        k, v, _ = super().update(k, v, past)
        return k, v, (k[:, :, -8:], v[:, :, -8:])


class LlamaCacheKept(LlamaAttention):
    kept = None

    def forward(self, hidden_states, past_key_value=None, use_cache=False):
        if not use_cache:
            return super().forward(hidden_states, past_key_value)
        if past_key_value is None and self.kept and len(self.kept[0]) == len(hidden_states):
            past_key_value = self.kept
        y, self.kept = super().forward(hidden_states, past_key_value, True)
        return y, self.kept
