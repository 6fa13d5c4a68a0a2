"""Slot attention: slots compete for inputs, step after step."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "slot"
VALUES = [
    {"C": 3, "D": 2, "h": 4, "steps": 2},
    {"C": 2, "D": 2, "h": 3, "steps": 1, "bias": True},
]
CALL = {"slot_size": 12, "in_size": 8, "hidden": 20, "inputs": ("2x4x12", "2x9x8")}


def inputs(v) -> tuple[Tensor, ...]:
    slots = torch.randn(2, 3, v.C, dtype=torch.float64)
    return slots, torch.randn(2, 5, v.D, dtype=torch.float64)


def row(layer, t: Tensor) -> Tensor:
    return layer.weight @ t + (0 if layer.bias is None else layer.bias)


def normed(ln, t: Tensor) -> Tensor:
    centred = t - t.mean()
    return centred / ((centred**2).mean() + ln.eps) ** 0.5 * ln.weight + ln.bias


def squashed(t: Tensor) -> Tensor:
    return 1 / (1 + (-t).exp())


def equation(p, v, slots: Tensor, x: Tensor) -> Tensor:
    out = []
    for y, tokens in zip(slots, x, strict=True):
        t = [normed(p.norm_inputs, token) for token in tokens]
        for _ in range(v.steps):
            q = [row(p.query, normed(p.norm_slots, s)) for s in y]
            e = [[(row(p.key, j) @ i / v.C**0.5).exp() for j in t] for i in q]
            new = []
            for i, own in enumerate(e):
                w = [own[j] / sum(other[j] for other in e) + 1e-8 for j in range(len(t))]
                u = sum(w[j] * row(p.value, t[j]) for j in range(len(t))) / sum(w)
                n, m = row(p.update, u), row(p.state, y[i])
                C = v.C
                r = squashed(n[:C] + m[:C])
                z = squashed(n[C : 2 * C] + m[C : 2 * C])
                c = torch.tanh(n[2 * C :] + r * m[2 * C :])
                g = (1 - z) * c + z * y[i]
                f = row(p.feed, normed(p.norm_feed, g)).clamp(min=0)
                new.append(g + row(p.back, f))
            y = new
        out.append(torch.stack(y))
    return torch.stack(out)


class Cell(nn.Module):
    """torch's own gated recurrent cell, weights by inputs and slots."""

    def __init__(self, slot_size: int, in_size: int, hidden: int, num_iterations: int = 3) -> None:
        super().__init__()
        self.num_iterations = num_iterations
        self.norm_inputs, self.norm_slots = nn.LayerNorm(in_size), nn.LayerNorm(slot_size)
        self.to_q = nn.Linear(slot_size, slot_size, bias=False)
        self.to_k = nn.Linear(in_size, slot_size, bias=False)
        self.to_v = nn.Linear(in_size, slot_size, bias=False)
        self.gru = nn.GRUCell(slot_size, slot_size)
        self.mlp = nn.Sequential(
            nn.LayerNorm(slot_size),
            nn.Linear(slot_size, hidden),
            nn.ReLU(),
            nn.Linear(hidden, slot_size),
        )

    def weights(self, scores: Tensor) -> Tensor:
        """Return (B, M, N) of scores of inputs and slots."""
        w = scores.softmax(-1) + 1e-8
        return w / w.sum(1, keepdim=True)

    def recur(self, u: Tensor, slots: Tensor) -> Tensor:
        return self.gru(u.flatten(0, 1), slots.flatten(0, 1)).view_as(slots)

    def forward(self, slots: Tensor, inputs: Tensor) -> Tensor:
        t = self.norm_inputs(inputs)
        k, v = self.to_k(t) * slots.shape[-1] ** -0.5, self.to_v(t)
        for _ in range(self.num_iterations):
            q = self.to_q(self.norm_slots(slots))
            w = self.weights(k @ q.transpose(1, 2))
            slots = self.recur(w.transpose(1, 2) @ v, slots)
            slots = slots + self.mlp(slots)
        return slots


class ByHand(Cell):
    """The recurrent unit written out, sums by einsum."""

    def __init__(self, slot_size: int, in_size: int, hidden: int, num_iterations: int = 3) -> None:
        super().__init__(slot_size, in_size, hidden, num_iterations)
        del self.gru
        self.of_update = nn.Linear(slot_size, 3 * slot_size)
        self.of_state = nn.Linear(slot_size, 3 * slot_size)

    def weights(self, scores: Tensor) -> Tensor:
        w = scores.softmax(2) + 1e-8
        return torch.einsum("bmn,bn->bmn", w, 1 / torch.einsum("bmn->bn", w))

    def recur(self, u: Tensor, slots: Tensor) -> Tensor:
        r, z, c = self.of_update(u).chunk(3, -1)
        r_s, z_s, c_s = self.of_state(slots).chunk(3, -1)
        c = torch.tanh(c + torch.sigmoid(r + r_s) * c_s)
        return torch.lerp(c, slots, torch.sigmoid(z + z_s))


class OverTheInputs(Cell):
    def weights(self, scores: Tensor) -> Tensor:
        return scores.softmax(1)


class NotDivided(Cell):
    def weights(self, scores: Tensor) -> Tensor:
        return scores.softmax(-1)


class OverTheBatch(Cell):
    def weights(self, scores: Tensor) -> Tensor:
        w = scores.softmax(0) + 1e-8
        return w / w.sum(1, keepdim=True)


class FirstInput(Cell):
    def forward(self, slots: Tensor, inputs: Tensor) -> Tensor:
        return super().forward(slots, inputs[:, :1])


STYLES = ["Cell", "ByHand"]
FAULTS = {
    "OverTheInputs": "reach of the slots",
    "NotDivided": "repetition",
    "OverTheBatch": "batch-independence",
    "FirstInput": "reach",
}
