import torch
from torch import nn
from torch.nn import functional as F


class TokenMixer(nn.Module):
    def __init__(self, d_model, n_heads):
        super().__init__()
        self.n_heads = n_heads
        self.wq = nn.Linear(d_model, d_model)
        self.wk = nn.Linear(d_model, d_model)
        self.wv = nn.Linear(d_model, d_model)
        self.wo = nn.Linear(d_model, d_model)

    def heads(self, t):
        return t.view(*t.shape[:2], self.n_heads, -1).transpose(1, 2)

    def forward(self, x):
        q, k, v = self.heads(self.wq(x)), self.heads(self.wk(x)), self.heads(self.wv(x))
        y = F.scaled_dot_product_attention(q, k, v)
        y = torch.einsum("bhnd->bnhd", y).flatten(2)
        return self.wo(y)
