"""Mixed local channel attention for a detector's neck."""

import math

import torch.nn as nn
import torch.nn.functional as F


class LocalChannelMix(nn.Module):
    def __init__(self, in_size, local_size=5, local_weight=0.5):
        super().__init__()
        t = int(abs(math.log2(in_size) + 1) / 2)
        k = t if t % 2 else t + 1
        self.local_size, self.local_weight = local_size, local_weight
        self.conv_global = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)
        self.conv_local = nn.Conv1d(1, 1, k, padding=k // 2, bias=False)

    def forward(self, x):
        b, c, h, w = x.shape
        s = self.local_size
        local = F.adaptive_avg_pool2d(x, s)
        line = local.flatten(2).transpose(1, 2).reshape(b, 1, -1)
        near = self.conv_local(line).reshape(b, s * s, c).transpose(1, 2).reshape(b, c, s, s)
        far = self.conv_global(local.mean((2, 3)).unsqueeze(1)).squeeze(1)
        far = F.adaptive_avg_pool2d(far[:, :, None, None].sigmoid(), s)
        gate = (1 - self.local_weight) * far + self.local_weight * near.sigmoid()
        return x * F.adaptive_avg_pool2d(gate, (h, w))
