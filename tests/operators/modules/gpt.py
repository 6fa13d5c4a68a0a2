"""GPT's causal self-attention with padding, in its usual form and with one edit each."""

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
        self.attn_dropout = nn.Dropout(dropout)

    def qkv(self, x):
        q, k, v = self.c_attn(x).chunk(3, dim=-1)
        return self.split(q), self.split(k), self.split(v)

    def split(self, t):
        b, n, c = t.size()
        return t.view(b, n, self.n_head, c // self.n_head).transpose(1, 2)

    def logits(self, q, k):
        return (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))

    def hidden(self, n, device):
        return torch.ones(n, n, dtype=torch.bool, device=device).triu(1)

    def padding(self, attention_mask):
        return (attention_mask == 0)[:, None, None, :]

    def probs(self, att):
        return self.attn_dropout(F.softmax(att, dim=-1))

    def attend(self, q, k, v, attention_mask):
        att = self.logits(q, k)
        lowest = torch.finfo(att.dtype).min
        att = att.masked_fill(self.hidden(q.size(2), q.device), lowest)
        if attention_mask is not None:
            att = att.masked_fill(self.padding(attention_mask), lowest)
        return self.probs(att) @ v

    def forward(self, x, attention_mask=None):
        b, n, c = x.size()
        y = self.attend(*self.qkv(x), attention_mask)
        return self.c_proj(y.transpose(1, 2).contiguous().view(b, n, c))


class GptMaskZeros(CausalSelfAttention):
    def hidden(self, n, device):
        return torch.zeros(n, n, dtype=torch.bool, device=device)


class GptMaskInverted(CausalSelfAttention):
    def hidden(self, n, device):
        return torch.ones(n, n, dtype=torch.bool, device=device).tril()


class GptMaskRolled(CausalSelfAttention):
    def padding(self, attention_mask):
        return (attention_mask.roll(1, dims=0) == 0)[:, None, None, :]


class GptFutureSeen(CausalSelfAttention):
    def hidden(self, n, device):
        return torch.ones(n, n, dtype=torch.bool, device=device).triu(2)


class GptZeroQuery(CausalSelfAttention):
    def __init__(self, n_embd, n_head, dropout=0.1):
        super().__init__(n_embd, n_head, dropout)
        with torch.no_grad():
            self.c_attn.weight[:n_embd] = 0


class GptZeroKey(CausalSelfAttention):
    def __init__(self, n_embd, n_head, dropout=0.1):
        super().__init__(n_embd, n_head, dropout)
        with torch.no_grad():
            self.c_attn.weight[n_embd : 2 * n_embd].zero_()


class GptZeroValue(CausalSelfAttention):
    def __init__(self, n_embd, n_head, dropout=0.1):
        super().__init__(n_embd, n_head, dropout)
        nn.init.zeros_(self.c_attn.weight[2 * n_embd :])


class GptHeadsTied(CausalSelfAttention):
    def attend(self, q, k, v, attention_mask):
        tied = torch.cat([q[:, :1], q[:, :1], q[:, 2:]], 1)
        keys = torch.cat([k[:, :1], k[:, :1], k[:, 2:]], 1)
        return super().attend(tied, keys, v, attention_mask)


class GptQueriesDetached(CausalSelfAttention):
    def qkv(self, x):
        q, k, v = super().qkv(x)
        return q.detach(), k, v


class GptTwiceTheHeads(CausalSelfAttention):
    def split(self, t):
        b, n, c = t.size()
        heads = self.n_head * 2
        return t.view(b, n, heads, c // heads).transpose(1, 2)


class GptUnscaled(CausalSelfAttention):
    def logits(self, q, k):
        return q @ k.transpose(-2, -1)


class GptDropoutFirst(CausalSelfAttention):
    def logits(self, q, k):
        return self.attn_dropout(super().logits(q, k))

    def probs(self, att):
        return F.softmax(att, dim=-1)


class GptHalfScores(CausalSelfAttention):
    def logits(self, q, k):
        att = q.to(torch.bfloat16) @ k.to(torch.bfloat16).transpose(-2, -1)
        return att.to(q.dtype) / math.sqrt(k.size(-1))


class GptDropoutInEval(CausalSelfAttention):
    def attend(self, q, k, v, attention_mask):
        keep = ~self.hidden(q.size(2), q.device)
        if attention_mask is not None:
            keep = keep & ~self.padding(attention_mask)
        p = self.attn_dropout.p
        return F.scaled_dot_product_attention(q, k, v, attn_mask=keep, dropout_p=p)


class GptFallbackCast(CausalSelfAttention):
    def attend(self, q, k, v, attention_mask):
        y = super().attend(q.half(), k.half(), v.half(), attention_mask)
        return y.to(q.dtype)


class GptOneHead(CausalSelfAttention):
    def probs(self, att):
        att = F.softmax(att, dim=-1)
        return self.attn_dropout(att[:, :1].expand_as(att))
