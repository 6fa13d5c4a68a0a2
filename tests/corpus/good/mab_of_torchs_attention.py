"""The Set Transformer's block around torch's own multi-head attention, as graph libraries do."""

import torch.nn as nn


class SetBlock(nn.Module):
    def __init__(self, channels, heads=4):
        super().__init__()
        self.attn = nn.MultiheadAttention(channels, heads, batch_first=True)
        self.lin = nn.Linear(channels, channels)
        self.layer_norm1 = nn.LayerNorm(channels)
        self.layer_norm2 = nn.LayerNorm(channels)

    def forward(self, x, y):
        out = self.attn(x, y, y, need_weights=False)[0]
        out = self.layer_norm1(out + x)
        return self.layer_norm2(out + self.lin(out).relu())
