"""Shifted window attention: the grid moved by half a window, borders apart."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "swin-shifted"
VALUES = [
    {"C": 4, "heads": 2, "window": 2, "shift": 1},
    {"C": 3, "heads": 1, "window": 3, "shift": 1, "position": False, "out_bias": False},
    {"C": 2, "heads": 1, "window": 3, "shift": 2},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, 2 * v.window, 2 * v.window, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    w, s, d = v.window, v.shift, v.C // v.heads
    y = torch.zeros_like(x)
    places = [(i, j) for i in range(x.shape[2]) for j in range(x.shape[3])]
    for a, b in places:
        mine = ((a - s) // w, (b - s) // w)  # the grid begins at s; before it are cut windows
        window = [(i, j) for i, j in places if ((i - s) // w, (j - s) // w) == mine]
        heads = []
        for h in range(v.heads):
            own = slice(h * d, (h + 1) * d)
            q = p.query(x[0, :, a, b])[own]
            e = [q @ p.key(x[0, :, i, j])[own] / d**0.5 for i, j in window]
            if v.position:
                table = p.position.reshape(2 * w - 1, 2 * w - 1, v.heads)
                e = [
                    t + table[a - i + w - 1, b - j + w - 1, h]
                    for t, (i, j) in zip(e, window, strict=True)
                ]
            weights = torch.stack(e).softmax(0)
            values = [p.value(x[0, :, i, j])[own] for i, j in window]
            heads.append(sum(weight * value for weight, value in zip(weights, values, strict=True)))
        y[0, :, a, b] = p.output(torch.cat(heads))
    return y


class ShiftedBlock(nn.Module):
    """Channels last, slices numbered, -100 where two tokens must not meet."""

    def __init__(self, dim: int, num_heads: int, window_size: int, shift_size: int) -> None:
        super().__init__()
        self.heads, self.ws, self.shift = num_heads, window_size, shift_size
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)
        self.table = nn.Parameter(torch.randn(2 * window_size - 1, 2 * window_size - 1, num_heads))

    def cut(self, t: Tensor) -> Tensor:
        B, H, W, C = t.shape
        t = t.view(B, H // self.ws, self.ws, W // self.ws, self.ws, C)
        return t.permute(0, 1, 3, 2, 4, 5).reshape(B, -1, self.ws**2, C)

    def mask(self, x: Tensor) -> Tensor:
        _, H, W, _ = x.shape
        image = torch.zeros(1, H, W, 1, device=x.device)
        count = 0
        cuts = (slice(0, -self.ws), slice(-self.ws, -self.shift), slice(-self.shift, None))
        for rows in cuts:
            for columns in cuts:
                image[:, rows, columns, :] = count
                count += 1
        t = self.cut(image).squeeze(-1)
        return (t.unsqueeze(2) != t.unsqueeze(3)).float() * -100.0

    def hidden(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits + mask

    def back(self, t: Tensor) -> Tensor:
        return t.roll((self.shift, self.shift), (1, 2))

    def forward(self, x: Tensor) -> Tensor:
        B, H, W, C = x.shape
        t = self.cut(x.roll((-self.shift, -self.shift), (1, 2)))
        q, k, v = self.qkv(t).unflatten(-1, (3, self.heads, -1)).permute(3, 0, 1, 4, 2, 5)
        at = torch.arange(self.ws)
        step = at[:, None] - at[None] + self.ws - 1
        bias = self.table[step[:, None, :, None], step[None, :, None, :]]
        bias = bias.reshape(self.ws**2, self.ws**2, self.heads).permute(2, 0, 1)
        logits = self.hidden(q @ k.mT * q.shape[-1] ** -0.5 + bias, self.mask(x).unsqueeze(2))
        t = self.proj((logits.softmax(-1) @ v).transpose(2, 3).flatten(3))
        t = t.view(B, H // self.ws, W // self.ws, self.ws, self.ws, C)
        return self.back(t.permute(0, 1, 3, 2, 4, 5).reshape(B, H, W, C))


class FilledBlock(ShiftedBlock):
    """-100 in the place of what must not meet."""

    def hidden(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits.masked_fill(mask != 0, -100.0)


class FilledElsewhere(ShiftedBlock):
    def hidden(self, logits: Tensor, mask: Tensor) -> Tensor:
        return logits.masked_fill(mask == 0, -100.0)


class NoMask(ShiftedBlock):
    def mask(self, x: Tensor) -> Tensor:
        return 0 * super().mask(x)


class NotUndone(ShiftedBlock):
    def back(self, t: Tensor) -> Tensor:
        return t


class WrongSign(ShiftedBlock):
    def mask(self, x: Tensor) -> Tensor:
        return -super().mask(x)


STYLES = ["ShiftedBlock", "FilledBlock"]
FAULTS = {
    "NoMask": "reach",
    "NotUndone": "reach",
    "WrongSign": "reach",
    "FilledElsewhere": "equivalence",
}
