"""BLOOM's attention written in other ways: all compute the same."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def slopes_of(heads):
    """ALiBi's slopes, as its authors publish them."""

    def power(n):
        first = 2 ** (-(2 ** -(math.log2(n) - 3)))
        return [first * first**i for i in range(n)]

    if math.log2(heads).is_integer():
        return power(heads)
    near = 2 ** math.floor(math.log2(heads))
    return power(near) + slopes_of(2 * near)[0::2][: heads - near]


class BloomAttention(nn.Module):
    """``attention_mask`` (batch, all tokens) is 1 for tokens and 0 for padding.

    ``layer_past`` is (keys, values) of the call before; with ``use_cache`` a new one is returned.
    """

    def __init__(self, hidden_size, n_head, attention_dropout=0.1):
        super().__init__()
        self.num_heads, self.head_dim = n_head, hidden_size // n_head
        self.query_key_value = nn.Linear(hidden_size, 3 * hidden_size)
        self.dense = nn.Linear(hidden_size, hidden_size)
        self.attention_dropout = nn.Dropout(attention_dropout)
        self.register_buffer("slopes", torch.tensor(slopes_of(n_head)), persistent=False)

    def alibi(self, q, total):
        columns = torch.arange(total, device=q.device)
        rows = columns[total - q.shape[2] :]
        return self.slopes.to(q.dtype)[:, None, None] * (columns - rows[:, None]).to(q.dtype)

    def hidden(self, q, total, attention_mask):
        n = q.shape[2]
        late = torch.ones(n, total, dtype=torch.bool, device=q.device).triu(total - n + 1)
        return late if attention_mask is None else late | (attention_mask == 0)[:, None, None, :]

    def attend(self, q, k, v, bias, hidden):
        scores = q @ k.mT / math.sqrt(self.head_dim) + bias
        scores = scores.masked_fill(hidden, torch.finfo(scores.dtype).min)
        return self.attention_dropout(scores.softmax(-1)) @ v

    def forward(self, hidden_states, attention_mask=None, layer_past=None, use_cache=False):
        b, n, c = hidden_states.shape
        fused = self.query_key_value(hidden_states).view(b, n, self.num_heads, 3, self.head_dim)
        q, k, v = fused.permute(3, 0, 2, 1, 4)
        if layer_past is not None:
            k, v = torch.cat((layer_past[0], k), 2), torch.cat((layer_past[1], v), 2)
        total = k.shape[2]
        y = self.attend(q, k, v, self.alibi(q, total), self.hidden(q, total, attention_mask))
        y = self.dense(y.transpose(1, 2).reshape(b, n, c))
        return (y, (k, v)) if use_cache else y


class BloomExchanged(BloomAttention):
    def forward(self, hidden_states, attention_mask=None):
        b, n, c = hidden_states.shape
        fused = self.query_key_value(hidden_states).view(b, n, self.num_heads, 3, self.head_dim)
        k, q, v = fused.permute(3, 0, 2, 1, 4)
        y = self.attend(q, k, v, self.alibi(q, n), self.hidden(q, n, attention_mask))
        return self.dense(y.transpose(1, 2).reshape(b, n, c))


class BloomKeyBias(BloomAttention):
    """The bias depends on the key alone, as published: rows of a softmax may be shifted."""

    def alibi(self, q, total):
        columns = torch.arange(total, device=q.device, dtype=q.dtype)
        return self.slopes.to(q.dtype)[:, None, None] * columns[None, None, :]


class BloomShifted(BloomAttention):
    """Queries count from one: each row's bias moves by a constant."""

    def alibi(self, q, total):
        return super().alibi(q, total) - self.slopes.to(q.dtype)[:, None, None]


class BloomHeadLoop(BloomAttention):
    def attend(self, q, k, v, bias, hidden):
        heads = []
        for h in range(self.num_heads):
            scores = torch.bmm(q[:, h], k[:, h].mT) * self.head_dim**-0.5 + bias[h]
            seen = hidden if hidden.dim() == 2 else hidden[:, 0]
            scores = scores.masked_fill(seen, torch.finfo(q.dtype).min)
            heads.append(torch.bmm(self.attention_dropout(scores.softmax(-1)), v[:, h]))
        return torch.stack(heads, 1)


class BloomChunks(BloomAttention):
    def attend(self, q, k, v, bias, hidden):
        out, parent = torch.zeros_like(q), super().attend
        for at in range(0, q.shape[2], 4):
            rows = slice(at, at + 4)
            out[:, :, rows] = parent(q[:, :, rows], k, v, bias[:, rows], hidden[..., rows, :])
        return out


class BloomSdpa(BloomAttention):
    def attend(self, q, k, v, bias, hidden):
        bias = bias.masked_fill(hidden, torch.finfo(q.dtype).min)
        p = self.attention_dropout.p if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias, dropout_p=p)


class BloomBaddbmm(BloomAttention):
    def attend(self, q, k, v, bias, hidden):
        b, h, n, d = q.shape
        q, k, v = (t.flatten(0, 1) for t in (q, k, v))
        scores = torch.baddbmm(bias.repeat(b, 1, 1), q, k.mT, beta=1.0, alpha=d**-0.5)
        scores = scores.view(b, h, n, -1).masked_fill(hidden, torch.finfo(q.dtype).min)
        weights = self.attention_dropout(F.softmax(scores, dim=-1)).flatten(0, 1)
        return torch.bmm(weights, v).view(b, h, n, d)


class BloomEinsum(BloomAttention):
    def attend(self, q, k, v, bias, hidden):
        scores = torch.einsum("bhid,bhjd->bhij", q / math.sqrt(self.head_dim), k)
        scores = torch.where(hidden, torch.finfo(q.dtype).min, scores + bias)
        return torch.einsum("bhij,bhjd->bhid", self.attention_dropout(scores.softmax(-1)), v)


class BloomProduct(BloomAttention):
    """exp(a + b) = exp(a) exp(b): the bias multiplies after the exponential."""

    def attend(self, q, k, v, bias, hidden):
        scores = q @ k.mT * self.head_dim**-0.5
        top = scores.masked_fill(hidden, -math.inf).amax(-1, keepdim=True)
        e = (scores - top).clamp(max=0).exp() * bias.masked_fill(hidden, -math.inf).exp()
        return self.attention_dropout(e / e.sum(-1, keepdim=True)) @ v
