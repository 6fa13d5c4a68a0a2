"""Outlook attention (VOLO), Yuan et al. 2021, arXiv:2106.13112, equations 3 to 5."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.neighbour_steps import laid_over, neighbours
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import perm, pointwise, softmax


@mechanism(
    dims={"C": None, "heads": 1, "k": 3},
    derived={"d": "C // heads"},
    options={"bias": False, "attn_bias": True, "proj_bias": True},
    v=linear_slot("C", "C", bias="bias"),
    attn=linear_slot("C", "k*k*k*k*heads", bias="attn_bias"),
    proj=linear_slot("C", "C", bias="proj_bias"),
)
def outlook(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Make each window's attention from its centre alone: (B, C, H, W) -> same."""
    B = x.shape[0]
    C = x.shape[1]
    H = x.shape[2]
    W = x.shape[3]
    h = o.heads
    d = C // h
    K = o.k * o.k
    v_map = pointwise(p.v, x)
    n = neighbours(v_map, o.k)  # eq. 3, (B, C, K, H, W)
    n_h = n.reshape(B, h, d, K, H, W)
    v = perm(n_h, 0, 1, 4, 5, 3, 2)  # (B, h, H, W, K, d)
    u = pointwise(p.attn, x)
    u_h = u.reshape(B, h, K, K, H, W)
    e = perm(u_h, 0, 1, 4, 5, 2, 3)  # (B, h, H, W, K, K)
    logits = e / d**0.5
    a = softmax(logits, -1)  # eq. 4
    m = a @ v
    t = perm(m, 0, 1, 5, 4, 2, 3)  # (B, h, d, K, H, W)
    f = t.flatten(1, 2)
    s = laid_over(f, o.k)  # eq. 5: windows overlap and are added
    y = pointwise(p.proj, s)
    return y
