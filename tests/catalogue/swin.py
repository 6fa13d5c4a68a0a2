"""Window attention: windows of a map, or the tokens of windows, with a table of offsets."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "swin"
VALUES = [
    {"C": 4, "heads": 2, "window": 2},
    {"C": 4, "heads": 1, "window": 3, "position": False, "bias": False},
]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(1, v.C, v.window, 2 * v.window, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    w, d = v.window, v.C // v.heads
    y = torch.zeros_like(x)
    for a in range(x.shape[2]):
        for b in range(x.shape[3]):
            window = [
                (i, j)
                for i in range(x.shape[2])
                for j in range(x.shape[3])
                if (i // w, j // w) == (a // w, b // w)
            ]
            heads = []
            for h in range(v.heads):
                own = slice(h * d, (h + 1) * d)
                q = p.query(x[0, :, a, b])[own]
                e = []
                for i, j in window:
                    e.append(q @ p.key(x[0, :, i, j])[own] / d**0.5)
                    if v.position:
                        row = (a - i + w - 1) * (2 * w - 1) + b - j + w - 1
                        e[-1] = e[-1] + p.position[row, h]
                weights = torch.stack(e).softmax(0)
                values = [p.value(x[0, :, i, j])[own] for i, j in window]
                heads.append(
                    sum(weight * value for weight, value in zip(weights, values, strict=True))
                )
            y[0, :, a, b] = p.output(torch.cat(heads))
    return y


class WindowAttention(nn.Module):
    """The tokens of windows, with the index as a buffer and an added mask."""

    def __init__(self, dim: int, window_size: int, num_heads: int) -> None:
        super().__init__()
        self.num_heads = num_heads
        rows = columns = window_size
        self.table = nn.Parameter(torch.zeros((2 * rows - 1) * (2 * columns - 1), num_heads))
        grid = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
        flat = torch.stack(grid).flatten(1)
        relative = (flat[:, :, None] - flat[:, None, :]).permute(1, 2, 0).contiguous()
        relative[:, :, 0] += rows - 1
        relative[:, :, 1] += columns - 1
        relative[:, :, 0] *= 2 * columns - 1
        self.register_buffer("index", relative.sum(-1))
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def weigh(self, logits: Tensor, bias: Tensor) -> Tensor:
        return (logits + bias).softmax(-1)

    def scale(self, q: Tensor) -> Tensor:
        return q * q.shape[-1] ** -0.5

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        B, N, C = x.shape
        qkv = self.qkv(x).reshape(B, N, 3, self.num_heads, C // self.num_heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        attn = self.scale(q) @ k.transpose(-2, -1)
        bias = self.table[self.index.view(-1)].view(N, N, -1).permute(2, 0, 1)
        if mask is not None:
            windows = mask.shape[0]
            attn = attn.view(B // windows, windows, self.num_heads, N, N)
            attn = (attn + mask.unsqueeze(1).unsqueeze(0)).view(-1, self.num_heads, N, N)
        attn = self.weigh(attn, bias.unsqueeze(0))
        return self.proj((attn @ v).transpose(1, 2).reshape(B, N, C))


class OverQueries(WindowAttention):
    def weigh(self, logits: Tensor, bias: Tensor) -> Tensor:
        return (logits + bias).softmax(-2)


class ModelWidth(WindowAttention):
    def scale(self, q: Tensor) -> Tensor:
        return q * (q.shape[-1] * self.num_heads) ** -0.5


class OfMaps(nn.Module):
    """A map, cut into windows of its own."""

    def __init__(self, dim: int, heads: int, ws: int) -> None:
        super().__init__()
        self.attention, self.ws = WindowAttention(dim, ws, heads), ws

    def cut(self, x: Tensor) -> Tensor:
        B, H, W, C = x.shape
        t = x.view(B, H // self.ws, self.ws, W // self.ws, self.ws, C).transpose(2, 3)
        return t.reshape(-1, self.ws**2, C)

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 3, 1).contiguous()
        B, H, W, C = x.shape
        t = self.attention(self.cut(x))
        t = t.view(B, H // self.ws, W // self.ws, self.ws, self.ws, C).transpose(2, 3)
        return t.reshape(B, H, W, C).permute(0, 3, 1, 2)


class WholeRows(OfMaps):
    def cut(self, x: Tensor) -> Tensor:
        return x.reshape(-1, self.ws**2, x.shape[-1])


STYLES = ["WindowAttention", "OfMaps"]
FAULTS = {
    "OverQueries": "weights",
    "ModelWidth": "logit-scale",
    "WholeRows": "reach",
}
