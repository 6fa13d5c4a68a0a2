import torch
from torch import nn


class PerHead(nn.Module):
    def __init__(self, dim, heads):
        super().__init__()
        d = dim // heads
        self.wq = nn.Parameter(torch.randn(heads, dim, d) / dim**0.5)
        self.wk = nn.Parameter(torch.randn(heads, dim, d) / dim**0.5)
        self.wv = nn.Parameter(torch.randn(heads, dim, d) / dim**0.5)
        self.wo = nn.Parameter(torch.randn(heads, d, dim) / dim**0.5)

    def forward(self, x):
        q, k, v = (torch.einsum("bnc,hcd->bhnd", x, w) for w in (self.wq, self.wk, self.wv))
        weights = torch.softmax(torch.einsum("bhnd,bhmd->bhnm", q, k) / q.shape[-1] ** 0.5, -1)
        return torch.einsum("bhnm,bhmd,hdc->bnc", weights, v, self.wo)
