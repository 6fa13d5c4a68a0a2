"""S²-MLPv2: two shifted branches and one at rest, weighed per channel."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "s2mlpv2"
VALUES = [{"C": 4}, {"C": 8, "split_bias": True}]
FIRST = ((1, 0), (-1, 0), (0, 1), (0, -1))
SECOND = ((0, 1), (0, -1), (1, 0), (-1, 0))


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def moved(t: Tensor, moves) -> Tensor:
    """Move the quarters of (H, W, C): what leaves is lost, border rows stay."""
    H, W, C = t.shape
    y = torch.zeros_like(t)
    for i in range(H):
        for j in range(W):
            for c in range(C):
                di, dj = moves[c * 4 // C]
                y[i, j, c] = t[min(max(i - di, 0), H - 1), min(max(j - dj, 0), W - 1), c]
    return y


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    C = v.C
    for b in range(x.shape[0]):
        t = x[b].permute(1, 2, 0) @ p.expand.weight.T + p.expand.bias
        branches = [moved(t[..., :C], FIRST), moved(t[..., C : 2 * C], SECOND), t[..., 2 * C :]]
        z = sum(branch.sum((0, 1)) for branch in branches)
        h = F.gelu(F.linear(z, p.reduce.weight, p.reduce.bias))
        u = F.linear(h, p.split.weight, p.split.bias)
        out = torch.zeros_like(branches[0])
        for c in range(C):
            e = [u[k * C + c].exp() for k in range(3)]
            for k in range(3):
                out[..., c] += e[k] / sum(e) * branches[k][..., c]
        y[b] = (out @ p.project.weight.T + p.project.bias).permute(2, 0, 1)
    return y


class ByPadding(nn.Module):
    """Shifts as slices of a padded map; 1×1 convolutions throughout."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.mlp1 = nn.Conv2d(channels, 3 * channels, 1)
        self.attend1 = nn.Linear(channels, channels, bias=False)
        self.attend2 = nn.Linear(channels, 3 * channels, bias=False)
        self.mlp2 = nn.Conv2d(channels, channels, 1)

    def shift(self, t: Tensor, moves) -> Tensor:
        padded = F.pad(t, (1, 1, 1, 1), mode="replicate")
        H, W = t.shape[2:]
        parts = [
            part[:, :, 1 - di : 1 - di + H, 1 - dj : 1 - dj + W]
            for part, (di, dj) in zip(padded.chunk(4, 1), moves, strict=True)
        ]
        return torch.cat(parts, 1)

    def second(self, t: Tensor) -> Tensor:
        return self.shift(t, SECOND)

    def forward(self, x: Tensor) -> Tensor:
        a, b, c = self.mlp1(x).chunk(3, 1)
        branches = torch.stack((self.shift(a, FIRST), self.second(b), c), 1)
        u = self.attend2(F.gelu(self.attend1(branches.sum((1, 3, 4)))))
        w = u.unflatten(1, (3, -1)).softmax(1)
        return self.mlp2((branches * w[..., None, None]).sum(1))


class SameShiftTwice(ByPadding):
    def second(self, t: Tensor) -> Tensor:
        return self.shift(t, FIRST)


class NotShifted(ByPadding):
    def second(self, t: Tensor) -> Tensor:
        return t


class Changed(ByPadding):
    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        x[:, :, 1:] = x[:, :, :-1].clone()
        return y


CALL = {"inputs": ("2x8x5x6",), "channels": 8}
STYLES = ["ByPadding"]
FAULTS = {"SameShiftTwice": "equivalence", "NotShifted": "equivalence", "Changed": "unmodified"}
