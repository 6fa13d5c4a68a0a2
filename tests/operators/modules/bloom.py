"""BLOOM's attention: ALiBi, causal, with padding and a cache; and with one edit each."""

import torch
import torch.nn.functional as F
from torch import nn


class BloomAttention(nn.Module):
    """``attention_mask`` (batch, all tokens) is 1 for tokens and 0 for padding.

    ``layer_past`` is (keys, values) of the call before; with ``use_cache`` a new one is returned.
    """

    def __init__(self, hidden_size, n_head, attention_dropout=0.1):
        super().__init__()
        self.num_heads, self.head_dim = n_head, hidden_size // n_head
        self.inv_norm_factor = self.head_dim**-0.5
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.attention_dropout = nn.Dropout(attention_dropout)

    def slopes(self):
        near = 2 ** (self.num_heads.bit_length() - 1)
        slopes = [2 ** (-8 * (i + 1) / near) for i in range(near)]
        more = [2 ** (-4 * (i + 1) / near) for i in range(2 * near)]
        return torch.tensor(slopes + more[::2][: self.num_heads - near])

    def distance(self, rows, columns):
        return rows[:, None] - columns[None, :]

    def alibi(self, rows, columns, dtype):
        slopes = self.slopes().to(rows.device, dtype)[:, None, None]
        return -slopes * self.distance(rows, columns).to(dtype)

    def qkv(self, x):
        b, n, _ = x.shape
        fused = self.query_key_value(x).view(b, n, self.num_heads, 3, self.head_dim)
        return (fused[..., i, :].transpose(1, 2) for i in range(3))

    def update(self, k, v, past):
        """Return keys and values to attend to, and the cache to be returned."""
        if past is not None:
            k, v = torch.cat((past[0], k), dim=2), torch.cat((past[1], v), dim=2)
        return k, v, (k, v)

    def score(self, q, k):
        return self.inv_norm_factor * (q @ k.transpose(-1, -2))

    def future(self, rows, columns):
        return columns[None, :] > rows[:, None]

    def padding(self, attention_mask):
        return (attention_mask == 0)[:, None, None, :]

    def weigh(self, scores):
        return self.attention_dropout(F.softmax(scores, dim=-1))

    def attend(self, q, k, v, rows, columns, attention_mask):
        scores = self.score(q, k) + self.alibi(rows, columns, q.dtype)
        hidden = self.future(rows, columns)
        if attention_mask is not None:
            hidden = hidden | self.padding(attention_mask)
        return self.weigh(scores.masked_fill(hidden, torch.finfo(scores.dtype).min)) @ v

    def start(self, past):
        return 0 if past is None else past[0].shape[2]

    def forward(self, hidden_states, attention_mask=None, layer_past=None, use_cache=False):
        b, n, _ = hidden_states.shape
        q, k, v = self.qkv(hidden_states)
        start = self.start(layer_past)
        k, v, present = self.update(k, v, layer_past)
        rows = torch.arange(start, start + n, device=q.device)
        columns = torch.arange(k.shape[2], device=q.device)
        y = self.attend(q, k, v, rows, columns, attention_mask)
        y = self.dense(y.transpose(1, 2).reshape(b, n, -1))
        return (y, present) if use_cache else y


class BloomMaskZeros(BloomAttention):
    def padding(self, attention_mask):
        return torch.zeros_like(attention_mask, dtype=torch.bool)[:, None, None, :]


class BloomMaskInverted(BloomAttention):
    def padding(self, attention_mask):
        return attention_mask.bool()[:, None, None, :]


class BloomMaskRolled(BloomAttention):
    def padding(self, attention_mask):
        return (torch.roll(attention_mask, 1, 0) == 0)[:, None, None, :]


class BloomFutureSeen(BloomAttention):
    def future(self, rows, columns):
        return columns[None, :] > rows[:, None] + 2


class BloomZeroQuery(BloomAttention):
    def __init__(self, hidden_size, n_head, attention_dropout=0.1):
        super().__init__(hidden_size, n_head, attention_dropout)
        nn.init.zeros_(self.query_key_value.weight.view(n_head, 3, self.head_dim, -1)[:, 0])


class BloomZeroKey(BloomAttention):
    def __init__(self, hidden_size, n_head, attention_dropout=0.1):
        super().__init__(hidden_size, n_head, attention_dropout)
        nn.init.zeros_(self.query_key_value.weight.view(n_head, 3, self.head_dim, -1)[:, 1])


class BloomZeroValue(BloomAttention):
    def __init__(self, hidden_size, n_head, attention_dropout=0.1):
        super().__init__(hidden_size, n_head, attention_dropout)
        nn.init.zeros_(self.query_key_value.weight.view(n_head, 3, self.head_dim, -1)[:, 2])


class BloomHeadsTied(BloomAttention):
    def qkv(self, x):
        return (t[:, :1].expand(-1, self.num_heads, -1, -1) for t in super().qkv(x))


class BloomInterleavedSplit(BloomAttention):
    def qkv(self, x):
        b, n, _ = x.shape
        fused = self.query_key_value(x).view(b, 3, self.num_heads, n, self.head_dim)
        return (fused[:, i] for i in range(3))


class BloomUnscaled(BloomAttention):
    def score(self, q, k):
        return q @ k.transpose(-1, -2)


class BloomDropoutFirst(BloomAttention):
    def score(self, q, k):
        return self.attention_dropout(super().score(q, k))

    def weigh(self, scores):
        return F.softmax(scores, dim=-1)


class BloomHalfScores(BloomAttention):
    def score(self, q, k):
        return super().score(q.half(), k.half()).to(q.dtype)


class BloomNoPositions(BloomAttention):
    def alibi(self, rows, columns, dtype):
        return torch.zeros(len(rows), len(columns), dtype=dtype, device=rows.device)


class BloomDistanceCut(BloomAttention):
    def distance(self, rows, columns):
        return (rows[:, None] - columns[None, :]).clamp(max=6)


class BloomFallbackCast(BloomAttention):
    def attend(self, q, k, v, rows, columns, attention_mask):
        y = super().attend(q.half(), k.half(), v.half(), rows, columns, attention_mask)
        return y.to(q.dtype)


class BloomOneHead(BloomAttention):
    def weigh(self, scores):
        weights = F.softmax(scores, dim=-1).mean(dim=1, keepdim=True)
        return self.attention_dropout(weights.expand_as(scores))


class BloomStaleCache(BloomAttention):
    def update(self, k, v, past):
        k, v, present = super().update(k, v, past)
        return k, v, present if past is None else past


class BloomDelayedCache(BloomAttention):
    def update(self, k, v, past):
        _, _, present = super().update(k, v, past)
        return *(present if past is None else past), present


class BloomCacheOffByOne(BloomAttention):
    def future(self, rows, columns):
        if len(columns) > len(rows):
            return columns[None, :] >= rows[:, None]
        return super().future(rows, columns)


class BloomCacheCut(BloomAttention):
    def update(self, k, v, past):
        k, v, _ = super().update(k, v, past)
        return k, v, (k[:, :, -6:], v[:, :, -6:])


class BloomCacheKept(BloomAttention):
    def __init__(self, hidden_size, n_head, attention_dropout=0.1):
        super().__init__(hidden_size, n_head, attention_dropout)
        self.requests = {}

    def forward(self, hidden_states, attention_mask=None, layer_past=None, use_cache=False):
        if not use_cache:
            return super().forward(hidden_states, attention_mask, layer_past)
        past = self.requests.get(len(hidden_states)) if layer_past is None else layer_past
        y, present = super().forward(hidden_states, attention_mask, past, True)
        self.requests[len(hidden_states)] = present
        return y, present
