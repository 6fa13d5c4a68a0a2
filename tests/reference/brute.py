"""The mechanisms in plain loops over numbers, straight from the papers' sums."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Vector = list[float]


def _matrix(layer: torch.nn.Module, vector: Sequence[float]) -> Vector:
    weight = layer.weight.tolist()
    bias = layer.bias.tolist() if layer.bias is not None else [0.0] * len(weight)
    return [
        b + sum(w * v for w, v in zip(row, vector, strict=True))
        for row, b in zip(weight, bias, strict=True)
    ]


def _dot(a: Sequence[float], b: Sequence[float]) -> float:
    return sum(p * q for p, q in zip(a, b, strict=True))


def _softmax(scores: Sequence[float]) -> Vector:
    top = max(scores)
    powers = [math.exp(s - top) for s in scores]
    return [p / sum(powers) for p in powers]


def _sigmoid(t: float) -> float:
    return 1 / (1 + math.exp(-t))


def criss_cross(module: torch.nn.Module, x: Tensor) -> Tensor:
    """One pass: each pixel over its row and the rest of its column."""
    y = torch.empty_like(x)
    B, _, H, W = x.shape
    for b in range(B):
        pixel = {(i, j): x[b, :, i, j].tolist() for i in range(H) for j in range(W)}
        q = {place: _matrix(module.query, v) for place, v in pixel.items()}
        k = {place: _matrix(module.key, v) for place, v in pixel.items()}
        v = {place: _matrix(module.value, v) for place, v in pixel.items()}
        for i, j in pixel:
            path = [(i, n) for n in range(W)] + [(n, j) for n in range(H) if n != i]
            assert len(path) == H + W - 1
            weights = _softmax([_dot(q[i, j], k[other]) for other in path])
            for c, own in enumerate(pixel[i, j]):
                found = sum(a * v[other][c] for a, other in zip(weights, path, strict=True))
                y[b, c, i, j] = float(module.gamma) * found + own
    return y


def non_local(
    module: torch.nn.Module, x: Tensor, pairing: str, scale: bool = False, pooled: bool = False
) -> Tensor:
    """Each pixel over all pixels, in the paper's four pairings; no norm."""
    y = torch.empty_like(x)
    B, _, H, W = x.shape
    places = [(i, j) for i in range(H) for j in range(W)]
    for b in range(B):
        pixel = {p: x[b, :, p[0], p[1]].tolist() for p in places}
        theta, phi = pixel, pixel
        if pairing != "gaussian":
            theta = {p: _matrix(module.theta, v) for p, v in pixel.items()}
            phi = {p: _matrix(module.phi, v) for p, v in pixel.items()}
        g = {p: _matrix(module.g, v) for p, v in pixel.items()}
        seen = places
        if pooled:
            phi, g = _block_maxima(phi, H, W), _block_maxima(g, H, W)
            seen = list(g)
        for p in places:
            if pairing == "concatenation":
                left = _dot(module.w_theta.tolist(), theta[p])
                scores = [max(0.0, left + _dot(module.w_phi.tolist(), phi[o])) for o in seen]
            else:
                scores = [_dot(theta[p], phi[o]) for o in seen]
            if scale:
                scores = [s / math.sqrt(len(theta[p])) for s in scores]
            if pairing in ("dot", "concatenation"):
                weights = [s / len(seen) for s in scores]
            else:
                weights = _softmax(scores)
            mixed = [
                sum(a * g[o][c] for a, o in zip(weights, seen, strict=True))
                for c in range(len(g[seen[0]]))
            ]
            for c, value in enumerate(_matrix(module.out, mixed)):
                y[b, c, p[0], p[1]] = value + pixel[p][c]
    return y


def _block_maxima(pixels: dict, H: int, W: int) -> dict:
    """The largest of four pixels, channel by channel; a last odd row or column is in no block."""
    return {
        (i, j): [
            max(four)
            for four in zip(
                *(pixels[2 * i + a, 2 * j + c] for a in (0, 1) for c in (0, 1)), strict=True
            )
        ]
        for i in range(H // 2)
        for j in range(W // 2)
    }


def eca(module: torch.nn.Module, x: Tensor) -> Tensor:
    """A gate from the zero-padded weighted sum of the neighbouring channels' means."""
    y = torch.empty_like(x)
    kernel = module.mix.weight[0, 0].tolist()
    half = len(kernel) // 2
    for b, image in enumerate(x):
        means = [float(channel.mean()) for channel in image]
        for c in range(len(means)):
            total = 0.0
            for n, w in enumerate(kernel):
                if 0 <= c + n - half < len(means):
                    total += w * means[c + n - half]
            y[b, c] = image[c] * _sigmoid(total)
    return y


def simam(x: Tensor, lam: float = 1e-4, divisor: Callable[[int], int] = lambda n: n - 1) -> Tensor:
    """A gate from the squared distance to the channel's mean."""
    y = torch.empty_like(x)
    for b, image in enumerate(x):
        for c, channel in enumerate(image):
            values = channel.flatten().tolist()
            mean = sum(values) / len(values)
            spread = sum((t - mean) ** 2 for t in values) / divisor(len(values))
            for i in range(channel.shape[0]):
                for j in range(channel.shape[1]):
                    t = float(channel[i, j])
                    least = 4 * (spread + lam) / ((t - mean) ** 2 + 2 * spread + 2 * lam)
                    y[b, c, i, j] = t * _sigmoid(1 / least)
    return y


def se(module: torch.nn.Module, x: Tensor) -> Tensor:
    """A gate per channel from all channels' means."""
    y = torch.empty_like(x)
    for b, image in enumerate(x):
        hidden = [max(0.0, t) for t in _matrix(module.squeeze, [float(c.mean()) for c in image])]
        for c, u in enumerate(_matrix(module.excite, hidden)):
            y[b, c] = image[c] * _sigmoid(u)
    return y
