import math

import torch
from torch import nn
from torch.nn import functional as F


class MapEncoder(nn.Module):
    """Norms first, one fused matrix for queries and keys, places as complex turns."""

    def __init__(self, width, heads, inner):
        super().__init__()
        self.heads = heads
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qk, self.v = nn.Linear(width, 2 * width), nn.Linear(width, width)
        self.out = nn.Linear(width, width)
        self.wide, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)

    def places(self, x):
        c, h, w = x.shape[1:]
        n = torch.arange(c // 4, device=x.device, dtype=torch.float64)
        speed = torch.exp(-n * (math.log(10000) / (c // 4)))
        lines = [torch.arange(m, device=x.device, dtype=torch.float64) for m in (h, w)]
        row, column = torch.meshgrid(lines, indexing="ij")
        angles = [p.flatten()[:, None] * speed for p in (row, column)]
        turns = [torch.polar(torch.ones_like(a), a) for a in angles]
        return torch.cat([part for t in turns for part in (t.imag, t.real)], dim=1).to(x)

    def forward(self, x):
        t = x.flatten(2).transpose(1, 2)
        n = self.before(t)
        q, k = self.qk(n + self.places(x)).chunk(2, dim=-1)
        q, k, v = (u.unflatten(-1, (self.heads, -1)).transpose(1, 2) for u in (q, k, self.v(n)))
        t = t + self.out(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        t = t + self.narrow(F.gelu(self.wide(self.between(t))))
        return t.transpose(1, 2).reshape(x.shape)
