"""Criss-cross attention, Huang et al. 2019, arXiv:1811.11721, equations 1 and 2: one pass."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import join, no_self, perm, pointwise, softmax


@mechanism(
    dims={"C": None, "r": 8},
    derived={"K": "C // r"},
    options={"query_bias": True, "key_bias": True, "value_bias": True},
    query=linear_slot("C", "K", bias="query_bias"),
    key=linear_slot("C", "K", bias="key_bias"),
    value=linear_slot("C", "C", bias="value_bias"),
    gamma=tensor("1", start=0.0),
)
def cca(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Weigh the positions of each pixel's row and column: (B, C, H, W) -> same."""
    H = x.shape[2]
    q = pointwise(p.query, x)
    k = pointwise(p.key, x)
    v = pointwise(p.value, x)
    q_col = perm(q, 0, 3, 2, 1)  # (B, W, H, K)
    k_col = perm(k, 0, 3, 1, 2)  # (B, W, K, H)
    s_col = q_col @ k_col  # (B, W, H, H): a pixel and its column
    d_col = no_self(s_col)  # the row counts the pixel itself
    e_col = perm(d_col, 0, 2, 1, 3)  # (B, H, W, H)
    q_row = perm(q, 0, 2, 3, 1)  # (B, H, W, K)
    k_row = perm(k, 0, 2, 1, 3)  # (B, H, K, W)
    e_row = q_row @ k_row  # (B, H, W, W): a pixel and its row
    e = join(e_col, e_row, -1)  # eq. 1, affinity
    a = softmax(e, -1)
    a_up = a[:, :, :, :H]
    a_row = a[:, :, :, H:]
    a_col = perm(a_up, 0, 2, 1, 3)  # (B, W, H, H)
    v_col = perm(v, 0, 3, 2, 1)  # (B, W, H, C)
    v_row = perm(v, 0, 2, 3, 1)  # (B, H, W, C)
    m_col = a_col @ v_col
    m_row = a_row @ v_row
    o_col = perm(m_col, 0, 3, 2, 1)
    o_row = perm(m_row, 0, 3, 1, 2)
    m = o_col + o_row  # aggregation
    w: Tensor = p.gamma * m
    y = w + x  # eq. 2
    return y
