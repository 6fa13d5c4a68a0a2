"""ResT's attention on tokens of a map whose size its constructor is given."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class EfficientAttention(nn.Module):
    def __init__(self, d_model, h, H, W, ratio=2):
        super().__init__()
        self.h, self.H, self.W = h, H, W
        self.fc_q, self.fc_k = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.fc_v, self.fc_o = nn.Linear(d_model, d_model), nn.Linear(d_model, d_model)
        self.sr = nn.Conv2d(d_model, d_model, ratio + 1, ratio, ratio // 2, groups=d_model)
        self.ln = nn.LayerNorm(d_model)
        self.transform = nn.Conv2d(h, h, 1, bias=False)

    def forward(self, tokens):
        b, n, c = tokens.shape
        small = self.sr(tokens.mT.reshape(b, c, self.H, self.W)).flatten(2).mT
        small = self.ln(small)
        q = self.fc_q(tokens).view(b, n, self.h, c // self.h).permute(0, 2, 1, 3)
        k = self.fc_k(small).view(b, -1, self.h, c // self.h).permute(0, 2, 3, 1)
        v = self.fc_v(small).view(b, -1, self.h, c // self.h).permute(0, 2, 1, 3)
        att = torch.softmax(self.transform(q @ k / (c // self.h) ** 0.5), -1)
        att = F.instance_norm(att)
        return self.fc_o((att @ v).permute(0, 2, 1, 3).reshape(b, n, c))
