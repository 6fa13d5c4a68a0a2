"""The vision transformer's attention over patches; with one edit each, and rewritten."""

import torch
import torch.nn.functional as F
from torch import nn


class ViTAttention(nn.Module):
    """All patches see each other."""

    def __init__(self, dim, num_heads=8, attn_drop=0.0, proj_drop=0.0):
        super().__init__()
        self.num_heads, self.scale = num_heads, (dim // num_heads) ** -0.5
        self.qkv = nn.Linear(dim, dim * 3)
        self.attn_drop = nn.Dropout(attn_drop)
        self.proj = nn.Linear(dim, dim)
        self.proj_drop = nn.Dropout(proj_drop)

    def attend(self, q, k, v):
        attn = (q * self.scale) @ k.transpose(-2, -1)
        return self.attn_drop(attn.softmax(dim=-1)) @ v

    def forward(self, x):
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        x = self.attend(q, k, v).transpose(1, 2).reshape(B, N, C)
        return self.proj_drop(self.proj(x))


class ViTCausal(ViTAttention):
    def attend(self, q, k, v):
        return F.scaled_dot_product_attention(q, k, v, is_causal=True)


class ViTUnscaled(ViTAttention):
    def attend(self, q, k, v):
        return self.attn_drop((q @ k.transpose(-2, -1)).softmax(dim=-1)) @ v


class ViTOneHead(ViTAttention):
    def attend(self, q, k, v):
        attn = ((q * self.scale) @ k.transpose(-2, -1)).softmax(dim=-1)
        return self.attn_drop(attn.mean(1, keepdim=True)) @ v


class ViTHeadsTied(ViTAttention):
    def attend(self, q, k, v):
        return super().attend(q[:, :1], k[:, :1], v)


class ViTFused(ViTAttention):
    def attend(self, q, k, v):
        p = self.attn_drop.p if self.training else 0.0
        return F.scaled_dot_product_attention(q, k, v, dropout_p=p)


class ViTExchanged(ViTAttention):
    def attend(self, q, k, v):
        return super().attend(k, q, v)


class ViTEinsum(ViTAttention):
    def attend(self, q, k, v):
        attn = torch.einsum("bhic,bhjc->bhij", q, k).mul(self.scale).softmax(-1)
        return torch.einsum("bhij,bhjc->bhic", self.attn_drop(attn), v)


class ViTTransposed(ViTAttention):
    """Everything with channels before patches."""

    def attend(self, q, k, v):
        q, k, v = q.mT, k.mT, v.mT
        attn = (k.mT @ q * self.scale).softmax(-2)
        return (v @ self.attn_drop(attn)).mT


class ViTChunks(ViTAttention):
    def attend(self, q, k, v):
        parent = super().attend
        return torch.cat([parent(part, k, v) for part in q.chunk(2, dim=2)], dim=2)


class ViTHeadLoop(ViTAttention):
    def attend(self, q, k, v):
        parent = super().attend
        heads = zip(q.unbind(1), k.unbind(1), v.unbind(1), strict=True)
        return torch.stack([parent(*head) for head in heads], 1)


class ViTInterleaved(nn.Module):
    """Each head's query, key and value rows side by side in the fused projection."""

    def __init__(self, dim, num_heads=8):
        super().__init__()
        self.num_heads = num_heads
        self.qkv = nn.Linear(dim, dim * 3)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x):
        B, N, _ = x.shape
        qkv = self.qkv(x).view(B, N, self.num_heads, 3, -1).transpose(1, 2)
        q, k, v = qkv.unbind(3)
        x = F.scaled_dot_product_attention(q, k, v)
        return self.proj(x.transpose(1, 2).flatten(2))
