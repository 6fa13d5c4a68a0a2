"""Second-order channel attention, Dai et al. 2019 (SAN, CVPR), equations 4 to 12."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.second_order_steps import trace
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import flat_hw, identity_like, linear, over_hw, perm


@mechanism(
    dims={"C": None, "r": 16},
    derived={"h": "C // r"},
    options={"bias": True, "eps": 1e-9},
    squeeze=linear_slot("C", "h", bias="bias"),
    excite=linear_slot("h", "C", bias="bias"),
)
def soca(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate channels by how they vary together: (B, C, H, W) -> same."""
    f = flat_hw(x)  # (B, C, N)
    n = f.shape[2]
    mu = f.mean(2, keepdim=True)
    d = f - mu
    t = perm(d, 0, 2, 1)
    q = d @ t
    cov = q / n  # eq. 4, (B, C, C)
    t_c = trace(cov)
    tr = t_c + o.eps
    a = cov / tr  # eq. 7: without it the iteration does not converge
    eye = identity_like(a)
    three = 3 * eye
    j_0 = three - a
    z_k = j_0 / 2
    y_k = a @ z_k  # eq. 6, Newton-Schulz, the first of five steps
    for _ in range(3):
        m = z_k @ y_k
        j = three - m
        k = j / 2
        y_k = y_k @ k
        z_k = k @ z_k
    m_5 = z_k @ y_k
    j_5 = three - m_5
    k_5 = j_5 / 2
    y_5 = y_k @ k_5
    scale = tr.sqrt()
    root = y_5 * scale  # eq. 8
    z = root.mean(1)  # eq. 9
    e = linear(p.squeeze, z)
    r = relu(e)
    u = linear(p.excite, r)
    s = sigmoid(u)  # eq. 10
    g = over_hw(s)
    y = x * g
    return y
