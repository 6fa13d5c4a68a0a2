"""Unit force operated attention (UFO-ViT), Song 2021, arXiv:2109.14382, section 3.2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.bias_steps import per_head
from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.slots import tensor
from attncheck.reference.steps import linear


@mechanism(
    dims={"C": None, "D": None, "heads": None, "head_dim": None, "value_dim": None},
    derived={"I": "heads * head_dim", "V": "heads * value_dim"},
    options={"bias": True, "out_bias": True},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("D", "I", bias="bias"),
    value=linear_slot("D", "V", bias="bias"),
    gamma=tensor("heads", start=1.0),
    output=linear_slot("V", "C", bias="out_bias"),
)
def ufo(
    p: Any,
    o: SimpleNamespace,
    query: Tensor,
    key: Tensor | None = None,
    value: Tensor | None = None,
) -> Tensor:
    """Read a summary of keys and values by queries, each of length gamma: (B, N, C) -> same."""
    keys = query if key is None else key
    values = keys if value is None else value
    q_all = linear(p.query, query)
    k_all = linear(p.key, keys)
    v_all = linear(p.value, values)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    memory = k.transpose(-1, -2) @ v  # (B, heads, d, e): keys meet values first
    gamma = per_head(p.gamma)
    m_size = memory.square().sum(-1, keepdim=True)  # XNorm: of what each key channel gathers
    m_length = m_size.sqrt()
    m_gained = memory * gamma
    m = m_gained / m_length
    q_size = q.square().sum(-1, keepdim=True)  # and of each query
    q_length = q_size.sqrt()
    q_gained = q * gamma
    r = q_gained / q_length
    heads = r @ m
    merged = merge_heads(heads)
    y = linear(p.output, merged)
    return y
