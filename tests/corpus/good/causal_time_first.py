import torch
import torch.nn as nn


def generate_square_subsequent_mask(sz):
    mask = (torch.triu(torch.ones(sz, sz)) == 1).transpose(0, 1)
    mask = mask.float().masked_fill(mask == 0, float("-inf")).masked_fill(mask == 1, 0.0)
    return mask


class DecoderAttention(nn.Module):
    """(T, B, C), like the PyTorch tutorials."""

    def __init__(self, d_model, nhead, dropout=0.1):
        super().__init__()
        self.self_attn = nn.MultiheadAttention(d_model, nhead, dropout=dropout)

    def forward(self, src):
        mask = generate_square_subsequent_mask(len(src)).to(src)
        return self.self_attn(src, src, src, attn_mask=mask)[0]
