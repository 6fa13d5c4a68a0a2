"""Modules that take lists, flags, numbers, indices, keywords; and whole models, small ones."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Concat(nn.Module):
    def __init__(self, c: int = 8) -> None:
        super().__init__()
        self.cv = nn.Conv2d(2 * c, c, 1)

    def forward(self, x: list[Tensor]) -> Tensor:
        return self.cv(torch.cat(x, 1))


class Head(nn.Module):
    def __init__(self, ch: tuple[int, ...] = (4, 8, 16), outputs: int = 6) -> None:
        super().__init__()
        self.m = nn.ModuleList(nn.Conv2d(c, outputs, 1) for c in ch)

    def forward(self, feats: list[Tensor]) -> list[Tensor]:
        return [layer(x) for layer, x in zip(self.m, feats, strict=True)]


class Named(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Conv2d(4, 8, 1), nn.Conv2d(6, 8, 1)

    def forward(self, features: dict[str, Tensor]) -> Tensor:
        return self.a(features["p3"]) + F.interpolate(self.b(features["p4"]), scale_factor=2)


class Memory(nn.Module):
    def __init__(self, dim: int = 8) -> None:
        super().__init__()
        self.q = nn.Linear(dim, dim)

    def forward(self, x: Tensor, past: tuple[Tensor, Tensor]) -> Tensor:
        k, v = past
        return (self.q(x) @ k.mT).softmax(-1) @ v


class Many(nn.Module):
    def __init__(self, c: int = 6) -> None:
        super().__init__()
        self.lin = nn.Linear(c, c)

    def forward(self, *xs: Tensor) -> Tensor:
        return self.lin(sum(xs))  # type: ignore[arg-type]


class Reduce(nn.Module):
    def __init__(self, dim: int = 16, sr_ratio: int = 2) -> None:
        super().__init__()
        self.q, self.kv = nn.Linear(dim, dim), nn.Linear(dim, 2 * dim)
        self.sr = nn.Conv2d(dim, dim, sr_ratio, sr_ratio)

    def forward(self, x: Tensor, H: int, W: int) -> Tensor:
        b, _, c = x.shape
        small = self.sr(x.transpose(1, 2).view(b, c, H, W)).flatten(2).mT
        k, v = self.kv(small).chunk(2, -1)
        return (self.q(x) @ k.mT).softmax(-1) @ v


class Sized(nn.Module):
    def __init__(self, c: int = 4) -> None:
        super().__init__()
        self.conv = nn.Conv2d(c, c, 3, padding=1)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        return self.conv(F.interpolate(x, size=size))


class Repeated(nn.Module):
    def __init__(self, c: int = 6) -> None:
        super().__init__()
        self.lin = nn.Linear(c, c)

    def forward(self, x: Tensor, steps: int, residual: bool = False) -> Tensor:
        for _ in range(steps):
            x = x + self.lin(x) if residual else self.lin(x)
        return x


class Switched(nn.Module):
    def __init__(self, dim: int = 8) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(dim, dim), nn.Linear(dim, 4 * dim)

    def forward(self, x: Tensor, mode: str = "narrow", *, return_both: bool = False) -> Any:
        if return_both:
            return self.one(x), self.two(x)
        return self.one(x) if mode == "narrow" else self.two(x)


class Timed(nn.Module):
    def __init__(self, channels: int = 4, dim: int = 10) -> None:
        super().__init__()
        self.embed, self.conv = nn.Linear(dim, channels), nn.Conv2d(channels, channels, 3)
        self.dim = dim

    def forward(self, x: Tensor, t: Tensor) -> Tensor:
        angles = t[:, None].float() * torch.arange(self.dim, device=t.device)
        return self.conv(x + self.embed(angles.sin())[..., None, None])


class Keywords(nn.Module):
    def __init__(self, dim: int = 8) -> None:
        super().__init__()
        self.lin = nn.Linear(dim, dim)

    def forward(self, *, hidden_states: Tensor, scale: float = 1.0, **more: Any) -> Tensor:
        extra = more.get("residual")
        out = self.lin(hidden_states) * scale
        return out if extra is None else self.lin(out + extra)


class Language(nn.Module):
    def __init__(self, vocab: int = 50_000, dim: int = 8) -> None:
        super().__init__()
        self.table, self.head = nn.Embedding(vocab, dim), nn.Linear(dim, 100)

    def forward(self, input_ids: Tensor, attention_mask: Any = None) -> dict[str, Tensor]:
        x = self.table(input_ids)
        if attention_mask is not None:
            x = x.masked_fill(~attention_mask.bool()[..., None], 0)
        return {"logits": self.head(x)}


class Translate(nn.Module):
    def __init__(self, d_model: int = 8) -> None:
        super().__init__()
        self.source, self.target = nn.Embedding(100, d_model), nn.Embedding(200, d_model)
        self.out = nn.Linear(d_model, 200)

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        q, m = self.target(tgt), self.source(src)
        return self.out((q @ m.mT).softmax(-1) @ m)


class Retrieve(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table, self.lin = nn.Embedding(30, 6), nn.Linear(6, 6)

    def forward(self, ids: Tensor, memory: Tensor) -> Tensor:
        return self.lin(self.table(ids)) @ memory.mT


class Residual(nn.Module):
    def __init__(self, c: int, stride: int) -> None:
        super().__init__()
        self.one = nn.Conv2d(c, stride * c, 3, stride, 1, bias=False)
        self.two = nn.Conv2d(stride * c, stride * c, 3, 1, 1, bias=False)
        self.skip = nn.Conv2d(c, stride * c, 1, stride, bias=False) if stride > 1 else None
        self.bn = nn.BatchNorm2d(stride * c)

    def forward(self, x: Tensor) -> Tensor:
        held = x if self.skip is None else self.skip(x)
        return (self.bn(self.two(self.one(x).relu())) + held).relu()


class SmallResNet(nn.Module):
    def __init__(self, width: int = 8, classes: int = 10) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, width, 7, 2, 3, bias=False)
        self.layers = nn.Sequential(Residual(width, 1), Residual(width, 2))
        self.fc = nn.Linear(2 * width, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.fc(self.layers(self.stem(x)).mean((2, 3)))


class SmallViT(nn.Module):
    def __init__(self, dim: int = 24, patch: int = 8, depth: int = 2, side: int = 32) -> None:
        super().__init__()
        self.patch = nn.Conv2d(3, dim, patch, patch)
        self.cls = nn.Parameter(torch.zeros(1, 1, dim))
        self.pos = nn.Parameter(torch.zeros(1, 1 + (side // patch) ** 2, dim))
        layer = nn.TransformerEncoderLayer(dim, 3, 4 * dim, batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.head = nn.Linear(dim, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patch(x).flatten(2).mT
        x = torch.cat([self.cls.expand(len(x), -1, -1), x], 1) + self.pos
        return self.head(self.blocks(x)[:, 0])


class SmallGPT(nn.Module):
    def __init__(self, vocab: int = 300, dim: int = 16, heads: int = 2, depth: int = 2) -> None:
        super().__init__()
        self.table, self.places = nn.Embedding(vocab, dim), nn.Embedding(64, dim)
        self.heads = heads
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {"qkv": nn.Linear(dim, 3 * dim), "out": nn.Linear(dim, dim)}
                | {"up": nn.Linear(dim, 4 * dim), "down": nn.Linear(4 * dim, dim)}
            )
            for _ in range(depth)
        )
        self.head = nn.Linear(dim, vocab, bias=False)
        self.head.weight = self.table.weight

    def forward(self, idx: Tensor, targets: Any = None) -> tuple[Tensor, Any]:
        b, n = idx.shape
        x = self.table(idx) + self.places(torch.arange(n, device=idx.device))
        for block in self.blocks:
            q, k, v = (p.view(b, n, self.heads, -1).mT for p in block["qkv"](x).chunk(3, -1))
            q, k, v = (p.transpose(1, 3).transpose(2, 3) for p in (q, k, v))
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
            x = x + block["out"](y.transpose(1, 2).reshape(b, n, -1))
            x = x + block["down"](F.gelu(block["up"](x)))
        return self.head(x), None


class SmallUNet(nn.Module):
    def __init__(self, width: int = 4) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, width, 3, padding=1)
        self.deep = nn.Conv2d(width, 2 * width, 3, padding=1)
        self.up = nn.ConvTranspose2d(2 * width, width, 2, 2)
        self.out = nn.Conv2d(2 * width, 1, 1)

    def forward(self, x: Tensor) -> Tensor:
        held = self.down(x)
        return self.out(torch.cat([held, self.up(self.deep(F.max_pool2d(held, 2)))], 1))


def detector(width: int = 4) -> nn.Module:
    """A factory, as projects have them."""
    return nn.Sequential(nn.Conv2d(3, width, 3, 2, 1), nn.SiLU(), nn.Conv2d(width, 2, 1))
