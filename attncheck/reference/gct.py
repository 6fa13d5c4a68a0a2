"""Gated channel transformation, Yang et al. 2020, arXiv:1909.11519, equations 2 to 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, tanh

from attncheck.reference.gate_steps import absolute_sum_hw, squared_sum_hw
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import tensor
from attncheck.reference.steps import over_hw


@mechanism(
    dims={"C": None},
    options={"eps": 1e-5, "norm": "l2"},
    alpha=tensor("C", start=1.0),
    gamma=tensor("C", start=0.0),
    beta=tensor("C", start=0.0),
)
def gct(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate channels by how large they are beside the others: (B, C, H, W) -> same."""
    alpha = p.alpha.reshape(-1)
    gamma = p.gamma.reshape(-1)
    beta = p.beta.reshape(-1)
    if o.norm == "l2":
        q = squared_sum_hw(x)
        i = q + o.eps
        r = i.sqrt()
        s = alpha * r  # eq. 2, global context embedding
        f = s * s
        m = f.mean(1, keepdim=True)
        j = m + o.eps
        t = j.sqrt()
    else:
        q = absolute_sum_hw(x)
        s = alpha * q
        f = s.abs()
        m = f.mean(1, keepdim=True)
        t = m + o.eps
    n = s / t  # eq. 3, channel normalisation
    w = gamma * n
    u = w + beta
    v = tanh(u)
    h = 1 + v
    g = over_hw(h)
    y = x * g  # eq. 4, gating adaptation
    return y
