"""Attention modules on maps (2, 64, 16, 16), their MACs derived by hand."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from benchmarks.counting.case import Case

B, C, H, W, N = 2, 64, 16, 16, 256


class SE(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Linear(C, C // 16, bias=False)
        self.b = nn.Linear(C // 16, C, bias=False)

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
        layers = (nn.Linear(C, 4, bias=False), nn.ReLU(), nn.Linear(4, C, bias=False))
        self.mlp = nn.Sequential(*layers)
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
    """Height and width branches by einsum."""

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


class CrissCrossProducts(CrissCross):
    """The same by batched matrix products, as published: columns as batches, then rows."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        b, _, h, w = x.shape
        parts = [self.q(x), self.k(x), self.v(x)]
        q, k, v = (t.permute(0, 3, 1, 2).reshape(b * w, -1, h) for t in parts)
        q2, k2, v2 = (t.permute(0, 2, 1, 3).reshape(b * h, -1, w) for t in parts)
        own = torch.diag(torch.full((h,), torch.inf, device=x.device))
        column = torch.bmm(q.transpose(1, 2), k).view(b, w, h, h).transpose(1, 2) - own[:, None]
        row = torch.bmm(q2.transpose(1, 2), k2).view(b, h, w, w)
        a = torch.cat([column, row], -1).softmax(-1)
        up = a[..., :h].transpose(1, 2).reshape(b * w, h, h)
        y = torch.bmm(v, up.transpose(1, 2)).view(b, w, -1, h).permute(0, 2, 3, 1)
        across = a[..., h:].reshape(b * h, w, w)
        return y + torch.bmm(v2, across.transpose(1, 2)).view(b, h, -1, w).permute(0, 2, 1, 3)


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


MAP = ((B, C, H, W),)
CRISS = "B·(N·C·(2r + C) + N·(H + W)·(r + C)), r = C/8: q, k, v; scores and sums over H + W"
CRISS_MACS = B * (N * C * (2 * 8 + C) + N * (H + W) * (8 + C))
CRISS_PARAMETERS = C * (2 * 8 + C) + 2 * 8 + C

MAPS = {
    "SE": Case(SE, MAP, "B·2·C·r, r = C/16", B * 2 * C * 4, parameters=2 * C * 4),
    "ECA": Case(ECA, MAP, "B·C·k, k = 3", B * C * 3, parameters=3),
    "CBAM": Case(
        CBAM,
        MAP,
        "B·(2·2·C·r + N·2·k²), r = C/16, k = 7: one MLP twice, a convolution of two maps",
        B * (2 * 2 * C * 4 + N * 2 * 49),
        parameters=2 * C * 4 + 2 * 49,
    ),
    "GC": Case(
        GC,
        MAP,
        "B·(N·C + N·C + 2·C·r), r = C/4: key, weighted sum, bottleneck",
        B * (N * C + N * C + 2 * C * 16),
        parameters=C + 1 + 2 * C * 16 + 16 + C,
    ),
    "non-local": Case(
        NonLocal,
        MAP,
        "B·(4·N·C·r + 2·N²·r), r = C/2",
        B * (4 * N * C * 32 + 2 * N * N * 32),
        parameters=4 * C * 32 + 3 * 32 + C,
    ),
    "criss-cross, bmm": Case(
        CrissCrossProducts, MAP, CRISS, CRISS_MACS, parameters=CRISS_PARAMETERS
    ),
    "criss-cross, einsum": Case(CrissCross, MAP, CRISS, CRISS_MACS, parameters=CRISS_PARAMETERS),
    "GAM": Case(
        GAM,
        MAP,
        "B·N·(2·C·r + 2·k²·C·r), r = C/4, k = 7: MLP at each position, two convolutions",
        B * N * (2 * C * 16 + 2 * 49 * C * 16),
        parameters=2 * C * 16 + 16 + C + 2 * 49 * C * 16 + 16 + C + 2 * (16 + C),
    ),
    "SimAM": Case(SimAM, MAP, "no contraction", 0, parameters=0),
    "DANet": Case(
        DANet,
        MAP,
        "B·(N·C·(2r + C) + N²·(r + C) + 2·C²·N), r = C/8: positions, then channels",
        B * (N * C * (2 * 8 + C) + N * N * (8 + C) + 2 * C * C * N),
        parameters=C * (2 * 8 + C) + 2 * 8 + C,
    ),
}
