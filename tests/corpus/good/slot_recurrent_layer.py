"""Slot attention with torch's recurrent layer, a step for each slot; inputs first."""

import torch
from torch import nn


class SlotStep(nn.Module):
    def __init__(self, dim, hidden_dim, iters=3):
        super().__init__()
        self.iters, self.scale = iters, dim**-0.5
        self.to_q, self.to_k, self.to_v = (nn.Linear(dim, dim, bias=False) for _ in range(3))
        self.gru = nn.GRU(dim, dim)
        self.norm_in, self.norm_slots, self.norm_ff = (nn.LayerNorm(dim) for _ in range(3))
        self.mlp = nn.Sequential(nn.Linear(dim, hidden_dim), nn.ReLU(), nn.Linear(hidden_dim, dim))

    def forward(self, inputs, slots):
        b, _, d = slots.shape
        inputs = self.norm_in(inputs)
        k, v = self.to_k(inputs), self.to_v(inputs)
        for _ in range(self.iters):
            q = self.to_q(self.norm_slots(slots))
            dots = torch.einsum("bid,bjd->bij", q, k) * self.scale
            attn = dots.softmax(dim=1) + 1e-8
            attn = attn / attn.sum(dim=-1, keepdim=True)
            updates = torch.einsum("bjd,bij->bid", v, attn)
            new, _ = self.gru(updates.reshape(1, -1, d), slots.reshape(1, -1, d))
            new = new.reshape(b, -1, d)
            slots = new + self.mlp(self.norm_ff(new))
        return slots
