import torch
from torch import nn
from torch.nn import functional as F


class DroppedAttention(nn.Module):
    def __init__(self, dim, heads, rate=0.1):
        super().__init__()
        self.heads, self.rate = heads, rate
        self.to_qkv = nn.Linear(dim, 3 * dim)
        self.back = nn.Linear(dim, dim)

    def forward(self, x):
        b, n, c = x.shape
        q, k, v = self.to_qkv(x).chunk(3, dim=-1)
        q, k, v = (t.reshape(b, n, self.heads, -1).transpose(1, 2) for t in (q, k, v))
        weights = torch.softmax(q @ k.transpose(2, 3) / q.shape[-1] ** 0.5, -1)
        weights = F.dropout(weights, self.rate, self.training)
        return self.back((weights @ v).transpose(1, 2).reshape(b, n, c))
