"""Position attention, Fu et al. 2019 (DANet), arXiv:1809.02983, equations 1 and 2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import flat_hw, from_flat_hw, perm, pointwise, softmax


@mechanism(
    dims={"C": None, "r": 8},
    derived={"K": "C // r"},
    options={"query_bias": True, "key_bias": True, "value_bias": True},
    query=linear_slot("C", "K", bias="query_bias"),
    key=linear_slot("C", "K", bias="key_bias"),
    value=linear_slot("C", "C", bias="value_bias"),
    gamma=tensor("1", start=0.0),
)
def pam(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Weigh all positions for each position: (B, C, H, W) -> same."""
    H = x.shape[2]
    W = x.shape[3]
    q_map = pointwise(p.query, x)
    k_map = pointwise(p.key, x)
    v_map = pointwise(p.value, x)
    q = flat_hw(q_map)  # (B, K, N)
    k = flat_hw(k_map)
    v = flat_hw(v_map)
    t = perm(q, 0, 2, 1)
    s = t @ k  # (B, N, N)
    a = softmax(s, -1)  # eq. 1
    b = perm(a, 0, 2, 1)
    m = v @ b
    n = from_flat_hw(m, H, W)
    w: Tensor = p.gamma * n
    y = w + x  # eq. 2
    return y
