"""Causal linear attention, Katharopoulos et al. 2020, arXiv:2006.16236, equations 8 to 12."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor
from torch.nn.functional import elu

from attncheck.reference.heads import merge_heads, split_heads
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear


@mechanism(
    dims={"C": None, "heads": None, "head_dim": None},
    derived={"I": "heads * head_dim"},
    options={"bias": True, "out_bias": True, "out": True, "eps": 1e-6},
    query=linear_slot("C", "I", bias="bias"),
    key=linear_slot("C", "I", bias="bias"),
    value=linear_slot("C", "I", bias="bias"),
    output=linear_slot("I", "C", bias="out_bias", when="out"),
)
def linear_causal(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Carry sums of keys and values along the sequence: (B, N, C) -> (B, N, C)."""
    q_all = linear(p.query, x)
    k_all = linear(p.key, x)
    v_all = linear(p.value, x)
    q = split_heads(q_all, o.heads)  # (B, heads, N, d)
    k = split_heads(k_all, o.heads)
    v = split_heads(v_all, o.heads)
    q_elu = elu(q)
    k_elu = elu(k)
    q_map = q_elu + 1  # eq. 7, the feature map
    k_map = k_elu + 1
    pairs = k_map[..., :, None] * v[..., None, :]  # (B, heads, N, d, d)
    memory = pairs.cumsum(2)  # eq. 10: up to each token and with it
    total = k_map.cumsum(2)  # eq. 11
    row = q_map[..., None, :]  # (B, heads, N, 1, d)
    weighted = row @ memory
    weight = row @ total[..., None]
    norm = weight + o.eps
    ratio = weighted / norm  # eq. 12
    heads = ratio[..., 0, :]
    merged = merge_heads(heads)
    out = linear(p.output, merged) if o.out else merged
    return out
