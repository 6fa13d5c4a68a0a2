"""Axial attention, Ho et al. 2019, arXiv:1912.12180, section 3: one axis at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.grid_heads import heads_of_rows, rows_of_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import perm, pointwise, softmax


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={"bias": False, "out": True, "out_bias": True, "order": "sum"},
    query_1=linear_slot("C", "I", bias="bias"),
    key_1=linear_slot("C", "I", bias="bias"),
    value_1=linear_slot("C", "I", bias="bias"),
    output_1=linear_slot("I", "C", bias="out_bias", when="out"),
    query_2=linear_slot("C", "I", bias="bias"),
    key_2=linear_slot("C", "I", bias="bias"),
    value_2=linear_slot("C", "I", bias="bias"),
    output_2=linear_slot("I", "C", bias="out_bias", when="out"),
)
def axial(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Attend along one axis, then along the other, or add both: (B, C, H, W) -> same."""
    wide = o.order == "width first"
    x_1 = x if wide else perm(x, 0, 1, 3, 2)  # columns as rows
    q_map_1 = pointwise(p.query_1, x_1)
    k_map_1 = pointwise(p.key_1, x_1)
    v_map_1 = pointwise(p.value_1, x_1)
    q_1 = heads_of_rows(q_map_1, o.heads)  # (B, rows, heads, places, d)
    k_1 = heads_of_rows(k_map_1, o.heads)
    v_1 = heads_of_rows(v_map_1, o.heads)
    d = q_1.shape[-1]
    s_1 = q_1 @ k_1.transpose(-1, -2)
    a_1 = softmax(s_1 / d**0.5, -1)
    m_1 = rows_of_heads(a_1 @ v_1)
    o_1 = pointwise(p.output_1, m_1) if o.out else m_1
    y_1 = o_1 if wide else perm(o_1, 0, 1, 3, 2)
    t = x if o.order == "sum" else y_1
    x_2 = perm(t, 0, 1, 3, 2) if wide else t
    q_map_2 = pointwise(p.query_2, x_2)
    k_map_2 = pointwise(p.key_2, x_2)
    v_map_2 = pointwise(p.value_2, x_2)
    q_2 = heads_of_rows(q_map_2, o.heads)
    k_2 = heads_of_rows(k_map_2, o.heads)
    v_2 = heads_of_rows(v_map_2, o.heads)
    s_2 = q_2 @ k_2.transpose(-1, -2)
    a_2 = softmax(s_2 / d**0.5, -1)
    m_2 = rows_of_heads(a_2 @ v_2)
    o_2 = pointwise(p.output_2, m_2) if o.out else m_2
    y_2 = perm(o_2, 0, 1, 3, 2) if wide else o_2
    y = y_1 + y_2 if o.order == "sum" else y_2
    return y
