"""Slots that bind to objects, step after step."""

import torch.nn as nn


class ObjectSlots(nn.Module):
    def __init__(self, slot_dim, hidden, iters=3, eps=1e-8):
        super().__init__()
        self.iters, self.eps, self.scale = iters, eps, slot_dim**-0.5
        self.norm_input, self.norm_slots = nn.LayerNorm(slot_dim), nn.LayerNorm(slot_dim)
        self.norm_mlp = nn.LayerNorm(slot_dim)
        self.q = nn.Linear(slot_dim, slot_dim, bias=False)
        self.kv = nn.Linear(slot_dim, 2 * slot_dim, bias=False)
        self.cell = nn.GRUCell(slot_dim, slot_dim)
        self.fc1, self.fc2 = nn.Linear(slot_dim, hidden), nn.Linear(hidden, slot_dim)

    def forward(self, slots, inputs):
        b, n, d = slots.shape
        k, v = self.kv(self.norm_input(inputs)).chunk(2, dim=-1)
        for _ in range(self.iters):
            q = self.q(self.norm_slots(slots)) * self.scale
            attn = (q @ k.mT).softmax(dim=1) + self.eps
            attn = attn / attn.sum(dim=-1, keepdim=True)
            updates = (attn @ v).reshape(b * n, d)
            slots = self.cell(updates, slots.reshape(b * n, d)).reshape(b, n, d)
            slots = slots + self.fc2(self.fc1(self.norm_mlp(slots)).relu())
        return slots
