"""External attention: learned keys and values, two normalisations."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SPEC = "external"
VALUES = [{"C": 4, "S": 3}, {"C": 3, "S": 5, "eps": 0.0}, {"C": 4, "S": 3, "block": True}]


def inputs(v) -> tuple[Tensor, ...]:
    return (torch.randn(2, 4, v.C, dtype=torch.float64),)


def equation(p, v, x: Tensor) -> Tensor:
    if not v.block:
        return memories(p, v, x)
    inner = torch.stack([p.before.weight @ t + p.before.bias for t in x.flatten(0, 1)])
    y, bn = memories(p, v, inner.view(x.shape)), p.after_norm
    out = torch.zeros_like(x)
    for b in range(x.shape[0]):
        for i in range(x.shape[1]):
            u = p.after.weight @ y[b, i]
            n = bn.weight * (u - bn.running_mean) / (bn.running_var + bn.eps).sqrt() + bn.bias
            out[b, i] = (n + x[b, i]).clamp(min=0)
    return out


def memories(p, v, x: Tensor) -> Tensor:
    y = torch.zeros_like(x)
    for b in range(x.shape[0]):
        e = torch.stack([p.memory_key.weight @ t for t in x[b]])
        over = torch.stack([e[:, s].exp() / e[:, s].exp().sum() for s in range(v.S)], 1)
        for i in range(x.shape[1]):
            w = over[i] / (v.eps + over[i].sum())
            y[b, i] = sum(w[s] * p.memory_value.weight[:, s] for s in range(v.S))
    return y


class ByConvolution(nn.Module):
    """1×1 convolutions along a line, without the small constant."""

    def __init__(self, d_model: int, S: int = 6) -> None:
        super().__init__()
        self.mk = nn.Conv1d(d_model, S, 1, bias=False)
        self.mv = nn.Conv1d(S, d_model, 1, bias=False)

    def normed(self, e: Tensor) -> Tensor:
        w = e.softmax(2)
        return w / w.sum(1, keepdim=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.mv(self.normed(self.mk(x.mT))).mT


class OnlyOverKeys(ByConvolution):
    def normed(self, e: Tensor) -> Tensor:
        return e.softmax(1)


class OnlyOverTokens(ByConvolution):
    def normed(self, e: Tensor) -> Tensor:
        return e.softmax(2)


class BlockForImages(nn.Module):
    """The authors' unit of a segmentation network, on maps; its memories share their storage."""

    def __init__(self, c: int, k: int = 6) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(c, c, 1)
        self.linear_0 = nn.Conv1d(c, k, 1, bias=False)
        self.linear_1 = nn.Conv1d(k, c, 1, bias=False)
        self.linear_1.weight.data = self.linear_0.weight.data.permute(1, 0, 2)
        self.conv2 = nn.Sequential(nn.Conv2d(c, c, 1, bias=False), nn.BatchNorm2d(c))

    def normed(self, e: Tensor) -> Tensor:
        w = e.softmax(-1)
        return w / (1e-9 + w.sum(1, keepdim=True))

    def forward(self, x: Tensor) -> Tensor:
        e = self.linear_0(self.conv1(x).flatten(2))
        y = self.linear_1(self.normed(e)).view(x.shape)
        return torch.relu(self.conv2(y) + x)


class BlockOverKeys(BlockForImages):
    def normed(self, e: Tensor) -> Tensor:
        return e.softmax(1)


class BlockTurned(BlockForImages):
    """The map is put together with its sides exchanged."""

    def forward(self, x: Tensor) -> Tensor:
        b, c, h, w = x.shape
        e = self.linear_0(self.conv1(x).flatten(2))
        y = self.linear_1(self.normed(e)).view(b, c, w, h).mT
        return torch.relu(self.conv2(y) + x)


STYLES = ["ByConvolution", "BlockForImages"]
FAULTS = {
    "OnlyOverKeys": "reach",
    "OnlyOverTokens": "repetition",
    "BlockOverKeys": "reach",
    "BlockTurned": "token-permutation",
}
