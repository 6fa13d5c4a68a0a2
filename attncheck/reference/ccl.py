"""Category consistent loss, Huang et al. 2020 (CCNet), arXiv:1811.11721v2, equations 5 to 9."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, where

from attncheck.reference.ccl_steps import length, members, other, pixels
from attncheck.reference.mechanism import mechanism


@mechanism(
    dims={},
    options={
        "near": 0.5,
        "far": 1.5,
        "variance": 1.0,
        "distance": 1.0,
        "size": 0.001,
    },
)
def ccl(p: Any, o: SimpleNamespace, x: Tensor, labels: Tensor) -> Tensor:
    """Draw pixels to their class's mean, and means apart: (B, C, H, W), (B, H, W) -> a number."""
    h = pixels(x)
    a = members(labels, x)  # (classes, pixels)
    n = a.sum(1)
    total = a @ h
    mu = total / n[:, None]  # (classes, C)
    classes = mu.shape[0]
    r = length(h - mu[:, None])  # (classes, pixels)
    beyond = relu(r - o.near)
    steep = beyond * beyond
    gap = o.far - o.near
    straight = r - o.far + gap * gap
    phi = where(r > o.far, straight, steep)  # eq. 8
    own = a * phi
    mean = own.sum(1) / n
    l_var = mean.mean()  # eq. 5
    between = length(mu[:, None] - mu)
    short = relu(2 * o.far - between)
    push = short * short  # eq. 9
    pairs = push * other(classes).to(x)
    l_dis = pairs.sum() / max(classes * (classes - 1), 1)  # eq. 6
    l_reg = length(mu).mean()  # eq. 7
    v = o.variance * l_var
    s = o.distance * l_dis
    g = o.size * l_reg
    loss = v + s + g
    return loss
