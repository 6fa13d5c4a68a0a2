"""Shuffle attention: half of each group gated by its means, half by its values."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "shuffle"
VALUES = [{"C": 8, "G": 2}, {"C": 12, "G": 2}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 3, 4, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    gated = []
    n = v.C // (2 * v.G)
    for b in range(x.shape[0]):
        rows = []
        for c in range(v.C):
            i, spatial = c % n, c % (2 * n) >= n
            mean = x[b, c].mean()
            if spatial:
                z = (x[b, c] - mean) / (((x[b, c] - mean) ** 2).mean() + p.gn.eps).sqrt()
                z = z * p.gn.weight[i] + p.gn.bias[i]
                u = p.sweight[i, 0, 0] * z + p.sbias[i, 0, 0]
            else:
                u = p.cweight[i, 0, 0] * mean + p.cbias[i, 0, 0]
            rows.append(x[b, c] / (1 + (-u).exp()))
        order = [c + half * v.C // 2 for c in range(v.C // 2) for half in (0, 1)]
        gated.append(torch.stack([rows[c] for c in order]))
    return torch.stack(gated)


class FiveAxes(nn.Module):
    """Groups on an axis of their own; the norm written out."""

    def __init__(self, channels: int, groups: int) -> None:
        super().__init__()
        n = channels // (2 * groups)
        self.groups = groups
        self.cweight = nn.Parameter(torch.zeros(n, 1, 1))
        self.cbias = nn.Parameter(torch.ones(n, 1, 1))
        self.sweight = nn.Parameter(torch.zeros(n, 1, 1))
        self.sbias = nn.Parameter(torch.ones(n, 1, 1))
        self.norm = nn.GroupNorm(n, n)

    def halves(self, x: Tensor) -> tuple[Tensor, Tensor]:
        c, s = x.unflatten(1, (self.groups, 2, -1)).unbind(2)
        return c, s

    def forward(self, x: Tensor) -> Tensor:
        c, s = self.halves(x)
        c = c * torch.sigmoid(self.cweight * c.mean((3, 4), keepdim=True) + self.cbias)
        normed = self.norm(s.flatten(0, 1)).view_as(s)
        s = s * torch.sigmoid(self.sweight * normed + self.sbias)
        both = torch.stack((c, s), 2).flatten(1, 3)
        return both.unflatten(1, (2, -1)).transpose(1, 2).flatten(1, 2)


class GroupsBesideTheBatch(FiveAxes):
    def halves(self, x: Tensor) -> tuple[Tensor, Tensor]:
        grouped = x.unflatten(1, (self.groups, 2, -1))
        mixed = grouped.transpose(0, 1).reshape(grouped.shape)
        c, s = mixed.unbind(2)
        return c, s


class NotShuffled(FiveAxes):
    def forward(self, x: Tensor) -> Tensor:
        y = super().forward(x)
        return y.unflatten(1, (-1, 2)).transpose(1, 2).flatten(1, 2)


CALL = {"inputs": ("2x16x5x6",), "channels": 16, "groups": 4}
STYLES = ["FiveAxes"]
FAULTS = {"GroupsBesideTheBatch": "batch-independence", "NotShuffled": "equivalence"}
