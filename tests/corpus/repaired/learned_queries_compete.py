import torch
from torch import nn


class TokenSummary(nn.Module):
    def __init__(self, width, slots, heads=4):
        super().__init__()
        self.heads = heads
        self.slots = nn.Parameter(torch.randn(slots, width) / width**0.5)
        self.ask = nn.Linear(width, width)
        self.offer = nn.Linear(width, 2 * width)
        self.leave = nn.Linear(width, width)

    def cut(self, t):
        return t.reshape(*t.shape[:2], self.heads, -1).transpose(1, 2)

    def forward(self, x):
        asked = self.cut(self.ask(self.slots).expand(len(x), -1, -1))
        keys, values = map(self.cut, self.offer(x).chunk(2, dim=-1))
        match = asked @ keys.transpose(-2, -1) / asked.shape[-1] ** 0.5
        share = torch.softmax(match, dim=-1)
        return self.leave((share @ values).transpose(1, 2).flatten(2))
