"""Mixed local channel attention: gates of cells and of the map, by neighbouring channels."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SPEC = "mlca"
VALUES = [{"C": 4, "k": 3, "m": 2}, {"C": 5, "k": 5, "m": 3, "share": 0.25, "bias": True}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, 4, 7, dtype=torch.float64) * 2,)


def spans(n: int, cells: int) -> list[range]:
    """Return which of n places each of the cells covers."""
    return [range(a * n // cells, -(-(a + 1) * n // cells)) for a in range(cells)]


def along(layer, line: list[Tensor]) -> list[Tensor]:
    """Return sigmoid of the convolution of a line with zeros around."""
    k, out = layer.weight.shape[2], []
    for i in range(len(line)):
        u = torch.zeros_like(line[0]) if layer.bias is None else layer.bias[0]
        for t in range(k):
            j = i + t - k // 2
            if 0 <= j < len(line):
                u = u + layer.weight[0, 0, t] * line[j]
        out.append(1 / (1 + (-u).exp()))
    return out


def equation(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    B, C, H, W = x.shape
    for b in range(B):
        means = [
            [
                [x[b, c][i.start : i.stop, j.start : j.stop].mean() for c in range(C)]
                for j in spans(W, v.m)
            ]
            for i in spans(H, v.m)
        ]  # row, column, channel
        near = along(p.local, [z for row in means for cell in row for z in cell])
        whole = [sum(cell[c] for row in means for cell in row) / v.m**2 for c in range(C)]
        far = along(p.whole, whole)
        for c in range(C):
            g = torch.zeros(v.m, v.m, dtype=x.dtype)
            for i in range(v.m):
                for j in range(v.m):
                    own = near[(i * v.m + j) * C + c]
                    g[i, j] = v.share * own + (1 - v.share) * far[c]
            for i, rows in enumerate(spans(v.m, H)):
                for j, columns in enumerate(spans(v.m, W)):
                    part = g[rows.start : rows.stop, columns.start : columns.stop]
                    y[b, c, i, j] = x[b, c, i, j] * part.mean()
    return y


class Transposed(nn.Module):
    """Lines made by transposing, cells spread by adaptive pooling."""

    def __init__(self, in_size: int, local_size: int = 5, local_weight: float = 0.5) -> None:
        super().__init__()
        self.m, self.weight = local_size, local_weight
        self.local = nn.Conv1d(1, 1, 3, padding=1, bias=False)
        self.whole = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def near(self, cells: Tensor) -> Tensor:
        B, C = cells.shape[:2]
        line = cells.flatten(2).transpose(1, 2).reshape(B, 1, -1)
        gates = self.local(line).view(B, -1, C).transpose(1, 2).reshape_as(cells)
        return gates.sigmoid()

    def far(self, cells: Tensor) -> Tensor:
        z = cells.mean((2, 3))
        gates = self.whole(z.unsqueeze(1)).squeeze(1)
        return gates[..., None, None].sigmoid()

    def mixed(self, cells: Tensor) -> Tensor:
        return self.near(cells) * self.weight + self.far(cells) * (1 - self.weight)

    def forward(self, x: Tensor) -> Tensor:
        cells = F.adaptive_avg_pool2d(x, self.m)
        return x * F.adaptive_avg_pool2d(self.mixed(cells), x.shape[2:])


class ChannelsLast(nn.Module):
    """Cells with the channels last, which are in a line already; a bias in each kernel."""

    def __init__(self, channels: int, kernel_size: int = 5, local_size: int = 5) -> None:
        super().__init__()
        self.pool = nn.AdaptiveAvgPool2d((local_size, local_size))
        self.conv_a, self.conv_b = (nn.Conv1d(1, 1, kernel_size, padding="same") for _ in range(2))

    def forward(self, x: Tensor) -> Tensor:
        c = self.pool(x).permute(0, 2, 3, 1)
        near = self.conv_a(c.flatten(1)[:, None]).sigmoid().view(c.shape)
        far = self.conv_b(c.mean((1, 2))[:, None]).sigmoid()
        g = torch.lerp(near, far[:, :, None].expand_as(near), 0.5).permute(0, 3, 1, 2)
        return F.adaptive_avg_pool2d(g, x.shape[-2:]) * x


class SamplesMixed(Transposed):
    def far(self, cells: Tensor) -> Tensor:
        gates = super().far(cells)[..., 0, 0]
        return F.adaptive_avg_pool2d(gates.t().unsqueeze(-1), self.m)


class OverPlaces(Transposed):
    def near(self, cells: Tensor) -> Tensor:
        line = cells.reshape(cells.shape[0], 1, -1)
        return self.local(line).reshape_as(cells).sigmoid()


class NoShares(Transposed):
    def mixed(self, cells: Tensor) -> Tensor:
        return self.near(cells) + self.far(cells)


class NearAlone(Transposed):
    def mixed(self, cells: Tensor) -> Tensor:
        return self.near(cells)


STYLES = ["Transposed", "ChannelsLast"]
FAULTS = {
    "SamplesMixed": "batch-independence",
    "OverPlaces": "equivalence",
    "NoShares": "gate",
    "NearAlone": "unused",
}
