"""GPT's causal self-attention written in other ways: all compute the same."""

import math

import torch
import torch.nn.functional as F
from torch import nn


class CausalSelfAttention(nn.Module):
    """``attention_mask`` (batch, tokens) is 1 for tokens and 0 for padding."""

    def __init__(self, n_embd, n_head, dropout=0.1):
        super().__init__()
        self.n_head = n_head
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)
        self.dropout = dropout

    def drop(self, att):
        return F.dropout(att, self.dropout, self.training)

    def visible(self, x, attention_mask):
        n = x.size(1)
        keep = torch.ones(n, n, dtype=torch.bool, device=x.device).tril()
        if attention_mask is not None:
            keep = keep & attention_mask.bool()[:, None, None, :]
        return keep

    def attend(self, q, k, v, keep):
        att = (q @ k.transpose(-2, -1)) / math.sqrt(k.size(-1))
        att = att.masked_fill(~keep, torch.finfo(att.dtype).min)
        return self.drop(att.softmax(-1)) @ v

    def forward(self, x, attention_mask=None):
        b, n, c = x.size()
        q, k, v = self.c_attn(x).split(c, dim=2)
        q, k, v = (t.view(b, n, self.n_head, -1).transpose(1, 2) for t in (q, k, v))
        y = self.attend(q, k, v, self.visible(x, attention_mask))
        return self.c_proj(y.transpose(1, 2).contiguous().view(b, n, c))


class GptExchanged(CausalSelfAttention):
    """What it calls queries are keys."""

    def attend(self, q, k, v, keep):
        return super().attend(k, q, v, keep)


class GptHeadLoop(CausalSelfAttention):
    def attend(self, q, k, v, keep):
        heads = []
        for one, key, value in zip(q.unbind(1), k.unbind(1), v.unbind(1), strict=True):
            seen = keep if keep.dim() == 2 else keep[:, 0]
            att = one @ key.mT / math.sqrt(key.size(-1))
            att = att.masked_fill(~seen, torch.finfo(att.dtype).min)
            heads.append(self.drop(att.softmax(-1)) @ value)
        return torch.stack(heads, dim=1)


class GptRowChunks(CausalSelfAttention):
    def attend(self, q, k, v, keep):
        parent, n = super().attend, q.size(2)
        rows = [slice(i, i + 5) for i in range(0, n, 5)]
        return torch.cat([parent(q[:, :, r], k, v, keep[..., r, :]) for r in rows], 2)


class GptSdpa(CausalSelfAttention):
    def attend(self, q, k, v, keep):
        p = self.dropout if self.training else 0
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, dropout_p=p)


class GptIsCausal(CausalSelfAttention):
    def forward(self, x, attention_mask=None):
        if attention_mask is not None:
            return super().forward(x, attention_mask)
        b, n, c = x.size()
        q, k, v = self.c_attn(x).split(c, dim=2)
        q, k, v = (t.view(b, n, self.n_head, -1).transpose(1, 2) for t in (q, k, v))
        p = self.dropout if self.training else 0
        y = F.scaled_dot_product_attention(q, k, v, dropout_p=p, is_causal=True)
        return self.c_proj(y.transpose(1, 2).reshape(b, n, c))


class GptEinsum(CausalSelfAttention):
    def attend(self, q, k, v, keep):
        att = torch.einsum("bhqd,bhkd->bhqk", q * k.size(-1) ** -0.5, k)
        att = torch.where(keep, att, torch.finfo(att.dtype).min)
        return torch.einsum("bhqk,bhkd->bhqd", self.drop(att.softmax(-1)), v)


class GptTransposedSoftmax(CausalSelfAttention):
    def attend(self, q, k, v, keep):
        att = k @ q.transpose(-2, -1) / math.sqrt(k.size(-1))
        att = att.masked_fill(~keep.transpose(-2, -1), torch.finfo(att.dtype).min)
        return self.drop(att.softmax(-2)).transpose(-2, -1) @ v


class GptLogSumExp(CausalSelfAttention):
    def attend(self, q, k, v, keep):
        att = (q @ k.transpose(-2, -1)) / math.sqrt(k.size(-1))
        att = att.masked_fill(~keep, torch.finfo(att.dtype).min)
        return self.drop((att - att.logsumexp(-1, keepdim=True)).exp()) @ v


class GptBuffer(nn.Module):
    """nanoGPT's, with its mask in a buffer."""

    def __init__(self, n_embd, n_head, dropout=0.1, block_size=1024):
        super().__init__()
        self.n_head = n_head
        self.c_attn = nn.Linear(n_embd, 3 * n_embd)
        self.c_proj = nn.Linear(n_embd, n_embd)
        self.attn_dropout = nn.Dropout(dropout)
        mask = torch.tril(torch.ones(block_size, block_size))
        self.register_buffer("bias", mask.view(1, 1, block_size, block_size), persistent=False)

    def forward(self, x, attention_mask=None):
        b, n, c = x.size()
        q, k, v = self.c_attn(x).split(c, dim=2)
        q, k, v = (t.view(b, n, self.n_head, c // self.n_head).transpose(1, 2) for t in (q, k, v))
        att = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        lowest = torch.finfo(att.dtype).min
        att = att.masked_fill(self.bias[:, :, :n, :n] == 0, lowest)
        if attention_mask is not None:
            att = att.masked_fill(attention_mask[:, None, None, :] == 0, lowest)
        y = self.attn_dropout(F.softmax(att, dim=-1)) @ v
        return self.c_proj(y.transpose(1, 2).contiguous().view(b, n, c))


class GptSeparate(nn.Module):
    def __init__(self, n_embd, n_head, dropout=0.1):
        super().__init__()
        self.n_head, self.dropout = n_head, dropout
        self.q_proj, self.k_proj = nn.Linear(n_embd, n_embd), nn.Linear(n_embd, n_embd)
        self.v_proj, self.out_proj = nn.Linear(n_embd, n_embd), nn.Linear(n_embd, n_embd)

    def forward(self, x, attention_mask=None):
        b, n, c = x.size()
        fold = lambda t: t.reshape(b, n, self.n_head, -1).transpose(1, 2).flatten(0, 1)  # noqa: E731
        q, k, v = fold(self.q_proj(x)), fold(self.k_proj(x)), fold(self.v_proj(x))
        bias = torch.zeros(n, n, dtype=x.dtype, device=x.device)
        bias = bias.masked_fill(bias.bool().logical_not().triu(1), torch.finfo(x.dtype).min)
        att = torch.baddbmm(bias.expand(len(q), n, n), q, k.mT, alpha=q.size(-1) ** -0.5)
        if attention_mask is not None:
            pad = (attention_mask == 0).repeat_interleave(self.n_head, 0)
            att = att.masked_fill(pad[:, None, :], torch.finfo(x.dtype).min)
        y = torch.bmm(F.dropout(att.softmax(-1), self.dropout, self.training), v)
        return self.out_proj(y.view(b, self.n_head, n, -1).transpose(1, 2).reshape(b, n, c))
