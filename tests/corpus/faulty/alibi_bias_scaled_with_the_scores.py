import math

import torch
import torch.nn as nn


def get_slopes(n):
    def get_slopes_power_of_2(n):
        start = 2 ** (-(2 ** -(math.log2(n) - 3)))
        ratio = start
        return [start * ratio**i for i in range(n)]

    if math.log2(n).is_integer():
        return get_slopes_power_of_2(n)
    closest_power_of_2 = 2 ** math.floor(math.log2(n))
    more = get_slopes(2 * closest_power_of_2)[0::2]
    return get_slopes_power_of_2(closest_power_of_2) + more[: n - closest_power_of_2]


class AlibiSelfAttention(nn.Module):
    def __init__(self, dim, num_heads):
        super().__init__()
        self.num_heads = num_heads
        self.scale = math.sqrt(dim // num_heads)
        self.key = nn.Linear(dim, dim, bias=False)
        self.query = nn.Linear(dim, dim, bias=False)
        self.value = nn.Linear(dim, dim, bias=False)
        self.proj = nn.Linear(dim, dim)
        self.register_buffer("m", torch.tensor(get_slopes(num_heads))[:, None, None])

    def forward(self, x):
        B, T, D = x.shape
        pos = torch.arange(T, device=x.device)
        bias = self.m * (pos[None, :] - pos[:, None])
        q, k, v = [
            f(x).view(B, T, self.num_heads, -1).transpose(1, 2)
            for f in (self.query, self.key, self.value)
        ]
        score = (q @ k.transpose(-1, -2) + bias) / self.scale
        mask = torch.ones(T, T, device=x.device).triu(1).bool()
        score = score.masked_fill(mask, float("-inf"))
        out = score.softmax(-1) @ v
        return self.proj(out.transpose(1, 2).reshape(B, T, D))
