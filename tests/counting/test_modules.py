"""Whole attention modules, counted by hand, at maps (2, 64, 16, 16) and tokens (2, 256, 64)."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from attncheck.counting.dispatch import counting
from attncheck.counting.fvcore_check import fvcore_count
from attncheck.counting.parameters import inventory

C, H, W, N = 64, 16, 16, 256


class SE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(C, C // 16), nn.Linear(C // 16, C)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * self.b(self.a(x.mean((2, 3))).relu()).sigmoid()[:, :, None, None]


class ECA(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        z = F.adaptive_avg_pool2d(x, 1)[:, :, 0].transpose(1, 2)
        return x * self.conv(z).transpose(1, 2)[..., None].sigmoid()


class CBAM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(C, 4), nn.ReLU(), nn.Linear(4, C))
        self.conv = nn.Conv2d(2, 1, 7, padding=3, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = (self.mlp(x.mean((2, 3))) + self.mlp(x.amax((2, 3)))).sigmoid()
        x = x * gate[:, :, None, None]
        return x * self.conv(torch.stack([x.mean(1), x.amax(1)], 1)).sigmoid()


class GC(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.key, self.a, self.b = nn.Conv2d(C, 1, 1), nn.Conv2d(C, 16, 1), nn.Conv2d(16, C, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weights = self.key(x).flatten(2).softmax(-1)
        context = (x.flatten(2) @ weights.transpose(1, 2))[..., None]
        return x + self.b(F.layer_norm(self.a(context), (16, 1, 1)).relu())


class NonLocal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = (nn.Conv2d(C, C // 2, 1) for _ in range(3))
        self.out = nn.Conv2d(C // 2, C, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = (layer(x).flatten(2) for layer in (self.q, self.k, self.v))
        y = v @ (q.transpose(1, 2) @ k).softmax(-1).transpose(1, 2)
        return x + self.out(y.unflatten(2, x.shape[2:]))


class CrissCross(nn.Module):
    """Height and width branches by einsum, the diagonal computed twice and masked."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = nn.Conv2d(C, 8, 1), nn.Conv2d(C, 8, 1), nn.Conv2d(C, C, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v = self.q(x), self.k(x), self.v(x)
        column = torch.einsum("bchw,bciw->bhwi", q, k)
        row = torch.einsum("bchw,bchj->bhwj", q, k)
        a = torch.cat([column, row], -1).softmax(-1)
        up, across = a.split([x.shape[2], x.shape[3]], -1)
        return torch.einsum("bhwi,bciw->bchw", up, v) + torch.einsum("bhwj,bchj->bchw", across, v)


class GAM(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(C, 16), nn.ReLU(), nn.Linear(16, C))
        self.a, self.b = nn.Conv2d(C, 16, 7, padding=3), nn.Conv2d(16, C, 7, padding=3)
        self.norm, self.norm2 = nn.BatchNorm2d(16), nn.BatchNorm2d(C)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x * self.mlp(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2).sigmoid()
        return x * self.norm2(self.b(self.norm(self.a(x)).relu())).sigmoid()


class SimAM(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        d = (x - x.mean((2, 3), keepdim=True)) ** 2
        return x * (d / (4 * (d.sum((2, 3), keepdim=True) / 255 + 1e-4)) + 0.5).sigmoid()


class DANet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q, self.k, self.v = nn.Conv2d(C, 8, 1), nn.Conv2d(C, 8, 1), nn.Conv2d(C, C, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q, k, v, flat = *(f(x).flatten(2) for f in (self.q, self.k, self.v)), x.flatten(2)
        position = v.bmm(q.transpose(1, 2).bmm(k).softmax(-1).transpose(1, 2))
        channel = flat.bmm(flat.transpose(1, 2)).softmax(-1).bmm(flat)
        return (position + channel).view_as(x)


class Attention(nn.Module):
    def __init__(self, **keywords: Any) -> None:
        super().__init__()
        self.inner, self.keywords = nn.MultiheadAttention(C, 4, batch_first=True), keywords

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.inner(x, x, x, **self.keywords)[0]


class Grouped(nn.Module):
    """128 wide, eight query heads on two key and value heads."""

    def __init__(self) -> None:
        super().__init__()
        self.q, self.kv, self.out = nn.Linear(128, 128), nn.Linear(128, 64), nn.Linear(128, 128)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        q = self.q(x).unflatten(-1, (8, 16)).transpose(1, 2)
        k, v = self.kv(x).unflatten(-1, (2, 2, 16)).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, enable_gqa=True)
        return self.out(y.transpose(1, 2).flatten(2))


class Windows(nn.Module):
    """Windows of 8 × 8 on (2, 16, 16, 64)."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(C, 3 * C), nn.Linear(C, C)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.view(2, 2, 8, 2, 8, C).permute(0, 1, 3, 2, 4, 5).reshape(8, 64, C)
        q, k, v = self.qkv(x).view(8, 64, 3, 4, 16).permute(2, 0, 3, 1, 4)
        y = (q @ k.transpose(-1, -2) / 4).softmax(-1) @ v
        return self.out(y.transpose(1, 2).reshape(8, 64, C))


class Additive(nn.Module):
    """An LSTM 32 → 64 over 20 steps, and additive attention of its last state on all."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(32, C, batch_first=True)
        self.q, self.k, self.v = nn.Linear(C, C), nn.Linear(C, C), nn.Linear(C, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states, (last, _) = self.lstm(x)
        scores = self.v((self.q(last[0])[:, None] + self.k(states)).tanh())
        return (scores.softmax(1).transpose(1, 2) @ states)[:, 0]


MAP, TOKENS = (2, C, H, W), (2, N, C)
MODULES: dict[str, tuple[type[nn.Module], dict[str, Any], tuple[int, ...], int, int]] = {
    # name: class, arguments, input, MACs, parameters
    "se": (SE, {}, MAP, 1_024, 2 * C * 4 + 4 + C),
    "eca": (ECA, {}, MAP, 384, 3),
    "cbam": (CBAM, {}, MAP, 52_224, 2 * C * 4 + 4 + C + 98),
    "gc": (GC, {}, MAP, 69_632, C + 1 + 2 * C * 16 + 16 + C),
    "non-local": (NonLocal, {}, MAP, 2 * (N * 4 * C * 32 + 2 * N * N * 32), 4 * C * 32 + 160),
    "criss-cross": (CrissCross, {}, MAP, 3_801_088, C * C + 16 * C + C + 16),
    "gam": (GAM, {}, MAP, 52_428_800, 2 * C * 16 + 80 + 98 * C * 16 + 80 + 160),
    "simam": (SimAM, {}, MAP, 0, 0),
    "danet": (DANet, {}, MAP, 16_252_928, C * C + 16 * C + C + 16),
    "mha": (Attention, {}, TOKENS, 25_165_824, 4 * C * C + 4 * C),
    "mha, no weights": (Attention, {"need_weights": False}, TOKENS, 25_165_824, 4 * C * C + 4 * C),
    "grouped": (Grouped, {}, (2, N, 128), 54_525_952, 128 * 320 + 320),
    "windows": (Windows, {}, (2, H, W, C), 12_582_912, 4 * C * C + 4 * C),
    "additive": (
        Additive,
        {},
        (2, 20, 32),
        40 * 4 * C * 96 + 2 * C * C + 40 * (C * C + 2 * C),
        4 * C * (96 + 2) + 2 * (C * C + C) + C + 1,
    ),
}


@pytest.mark.parametrize("train", [False, True], ids=["eval", "train"])
@pytest.mark.parametrize("name", MODULES)
def test_both_counters_agree_with_the_hand(name: str, train: bool) -> None:
    make, arguments, shape, macs, parameters = MODULES[name]
    torch.manual_seed(0)
    module = make(**arguments).train(train)
    assert inventory(module).total == parameters
    x = torch.randn(shape)
    with counting(module) as tally:
        module(x)
    assert (tally.macs, dict(tally.unpriced)) == (macs, {})
    assert tally.by_module[""] == macs
    assert fvcore_count(module, module, [x]).macs == macs


@pytest.mark.parametrize("name", MODULES)
def test_shapes_alone_give_the_same_count(name: str) -> None:
    make, arguments, shape, macs, _ = MODULES[name]
    module = make(**arguments).to("meta")
    with counting() as tally:
        module(torch.randn(shape, device="meta"))
    assert tally.macs == macs
