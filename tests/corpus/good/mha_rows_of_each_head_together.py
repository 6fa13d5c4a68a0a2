import math

import torch
import torch.nn as nn


class ParallelAttention(nn.Module):
    """qkv interleaved per head, as in Megatron and GPT-NeoX: (heads, 3 * head_dim)."""

    def __init__(self, hidden, heads):
        super().__init__()
        self.heads = heads
        self.head_size = hidden // heads
        self.query_key_value = nn.Linear(hidden, 3 * hidden)
        self.dense = nn.Linear(hidden, hidden)
        self.norm_factor = math.sqrt(self.head_size)

    def forward(self, hidden_states):
        qkv = self.query_key_value(hidden_states)
        qkv = qkv.view(*qkv.size()[:-1], self.heads, 3 * self.head_size)
        query = qkv[..., : self.head_size].permute(0, 2, 1, 3)
        key = qkv[..., self.head_size : 2 * self.head_size].permute(0, 2, 1, 3)
        value = qkv[..., 2 * self.head_size :].permute(0, 2, 1, 3)
        scores = torch.matmul(query, key.transpose(-1, -2)) / self.norm_factor
        probs = torch.softmax(scores.float(), dim=-1).to(value.dtype)
        out = torch.matmul(probs, value)
        out = out.permute(0, 2, 1, 3).contiguous().view(*hidden_states.shape)
        return self.dense(out)
