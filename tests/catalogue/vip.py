"""Weighted permute-MLP: rows, columns and channels mixed by one matrix each."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "vip"
VALUES = [{"C": 8, "S": 2}, {"C": 6, "S": 3, "weighted": False, "bias": True}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, v.C, v.S, v.S, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    S, n = v.S, v.C // v.S
    h, w, c = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
    for b in range(x.shape[0]):
        for line in range(S):
            for s in range(S):
                own = slice(s * n, (s + 1) * n)
                h[b, own, :, line] = p.height(x[b, own, :, line].T.reshape(-1)).reshape(S, n).T
                w[b, own, line] = p.width(x[b, own, line].T.reshape(-1)).reshape(S, n).T
            for other in range(S):
                c[b, :, line, other] = p.channel(x[b, :, line, other])
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        k = torch.ones(v.C, 3, dtype=x.dtype)
        if v.weighted:
            a = p.weigh((h + w + c)[b].mean((1, 2)))
            a = a * (1 + torch.erf(a / 2**0.5)) / 2
            k = p.weights(a).reshape(v.C, 3).softmax(1)
        m = sum(k[:, i, None, None] * t[b] for i, t in enumerate((h, w, c)))
        y[b] = p.output(m.permute(1, 2, 0)).permute(2, 0, 1)
    return y


class Permutator(nn.Module):
    """Channels last, one reweighting network."""

    def __init__(self, dim: int, segment_dim: int) -> None:
        super().__init__()
        self.s = segment_dim
        self.mlp_c = nn.Linear(dim, dim, bias=False)
        self.mlp_h = nn.Linear(dim, dim, bias=False)
        self.mlp_w = nn.Linear(dim, dim, bias=False)
        self.reweight = nn.Sequential(
            nn.Linear(dim, dim // 4), nn.GELU(), nn.Linear(dim // 4, 3 * dim)
        )
        self.proj = nn.Linear(dim, dim)

    def height(self, x: Tensor) -> Tensor:
        B, H, W, C = x.shape
        t = x.reshape(B, H, W, self.s, C // self.s).permute(0, 3, 2, 1, 4)
        t = self.mlp_h(t.reshape(B, self.s, W, H * C // self.s))
        t = t.reshape(B, self.s, W, H, C // self.s).permute(0, 3, 2, 1, 4)
        return t.reshape(B, H, W, C)

    def width(self, x: Tensor) -> Tensor:
        B, H, W, C = x.shape
        t = x.reshape(B, H, W, self.s, C // self.s).permute(0, 1, 3, 2, 4)
        t = self.mlp_w(t.reshape(B, H, self.s, W * C // self.s))
        t = t.reshape(B, H, self.s, W, C // self.s).permute(0, 1, 3, 2, 4)
        return t.reshape(B, H, W, C)

    def choose(self, a: Tensor) -> Tensor:
        return a.reshape(a.shape[0], -1, 3).permute(2, 0, 1).softmax(0)

    def summed(self, h: Tensor, w: Tensor, c: Tensor) -> Tensor:
        return h + w + c

    def forward(self, x: Tensor) -> Tensor:
        h, w, c = self.height(x), self.width(x), self.mlp_c(x)
        a = self.choose(self.reweight(self.summed(h, w, c).mean((1, 2))))[:, :, None, None]
        return self.proj(self.weighted(h, w, c, a))

    def weighted(self, h: Tensor, w: Tensor, c: Tensor, a: Tensor) -> Tensor:
        return h * a[0] + w * a[1] + c * a[2]


class ChannelsFirst(Permutator):
    """The first weight is that of the channels: rows of the last matrix under other names."""

    def weighted(self, h: Tensor, w: Tensor, c: Tensor, a: Tensor) -> Tensor:
        return c * a[0] + w * a[1] + h * a[2]


class ChosenByOne(Permutator):
    def summed(self, h: Tensor, w: Tensor, c: Tensor) -> Tensor:
        return c


class OverBatch(Permutator):
    def choose(self, a: Tensor) -> Tensor:
        return a.reshape(a.shape[0], -1, 3).permute(2, 0, 1).softmax(1)


STYLES = ["Permutator", "ChannelsFirst"]
FAULTS = {"ChosenByOne": "equivalence", "OverBatch": "batch-independence"}
