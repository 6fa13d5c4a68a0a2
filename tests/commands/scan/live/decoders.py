"""Decoders as libraries write them: the model makes tables, a cache and masks for its layers."""

from types import SimpleNamespace

import torch
import torch.nn.functional as F
from torch import nn


class Cache:
    def __init__(self):
        self.held = {}

    def update(self, key, value, layer):
        if layer in self.held:
            key = torch.cat((self.held[layer][0], key), 2)
            value = torch.cat((self.held[layer][1], value), 2)
        self.held[layer] = key, value
        return key, value


def turned(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos[:, None] + torch.cat((-b, a), -1) * sin[:, None]


class RotaryMixer(nn.Module):
    """Leaves the future to torch where it is given no mask."""

    def __init__(self, config, layer):
        super().__init__()
        self.config, self.layer_idx = config, layer
        width, small = config.width, config.width // config.heads * config.kv_heads
        self.q, self.k = nn.Linear(width, width, bias=False), nn.Linear(width, small, bias=False)
        self.v, self.o = nn.Linear(width, small, bias=False), nn.Linear(width, width, bias=False)

    def mask(self, values, attention_mask):
        return attention_mask

    def forward(self, hidden_states, position_embeddings=None, attention_mask=None, cache=None):
        heads, groups = self.config.heads, self.config.kv_heads
        q = self.q(hidden_states).unflatten(-1, (heads, -1)).transpose(1, 2)
        k = self.k(hidden_states).unflatten(-1, (groups, -1)).transpose(1, 2)
        v = self.v(hidden_states).unflatten(-1, (groups, -1)).transpose(1, 2)
        cos, sin = position_embeddings
        q, k = turned(q, cos, sin), turned(k, cos, sin)
        if cache is not None:
            k, v = cache.update(k, v, self.layer_idx)
        mask = self.mask(v, attention_mask)
        causal = mask is None and q.shape[2] > 1
        y = F.scaled_dot_product_attention(q, k, v, mask, is_causal=causal, enable_gqa=True)
        return self.o(y.transpose(1, 2).flatten(2))


class BiasedMixer(RotaryMixer):
    """Adds a bias of its own, so that torch is never asked to hide the future."""

    def __init__(self, config, layer):
        super().__init__(config, layer)
        self.gain = nn.Parameter(torch.zeros(1))

    def mask(self, values, attention_mask):
        bias = self.gain * values.mean((1, -1))[:, None, None]
        return bias if attention_mask is None else bias + attention_mask


class RotaryAttention(BiasedMixer):
    """Named as a mechanism that it is not."""


class Decoder(nn.Module):
    def __init__(self, mixer, masked=False, base=10000.0):
        super().__init__()
        config = SimpleNamespace(width=32, heads=4, kv_heads=2)
        self.masked, self.base = masked, base
        self.embed = nn.Embedding(16, 32)
        self.layers = nn.ModuleList(mixer(config, layer) for layer in range(2))

    def forward(self, ids):
        x, n = self.embed(ids), ids.shape[1]
        rates = self.base ** (-torch.arange(0, 8, 2).float() / 8)
        angles = (torch.arange(n)[:, None] * rates).repeat(1, 2)[None]
        mask = torch.full((n, n), float("-inf")).triu(1)[None, None] if self.masked else None
        tables, cache = (angles.cos(), angles.sin()), Cache()
        for layer in self.layers:
            x = x + layer(x, position_embeddings=tables, attention_mask=mask, cache=cache)
        return x


def plain(base=10000.0):
    return Decoder(RotaryMixer, base=base)


def masked():
    return Decoder(RotaryMixer, masked=True)


def biased():
    return Decoder(BiasedMixer)


def named():
    return Decoder(RotaryAttention)


def biased_and_masked():
    return Decoder(BiasedMixer, masked=True)
