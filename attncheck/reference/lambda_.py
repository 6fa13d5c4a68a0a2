"""Lambda layer, Bello 2021 (LambdaNetworks), arXiv:2102.08602, equations 1 and 2, figure 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, einsum

from attncheck.reference.lambda_steps import by_offsets, filtered, split_channels
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm, tensor
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import norm, pointwise, softmax


@mechanism(
    dims={"C": None, "heads": None, "k": 16, "u": 1, "r": 23, "H": None, "W": None},
    derived={"v": "C // heads"},
    options={"norm": True, "position": "local", "position_bias": True},
    query=linear_slot("C", "heads*k"),
    key=linear_slot("C", "k*u"),
    value=linear_slot("C", "v*u"),
    query_norm=batch_norm("heads*k", when="norm"),
    value_norm=batch_norm("v*u", when="norm"),
    near=conv_slot("u", "k", kernel="r", bias="position_bias", when="position == local"),
    table=tensor("2*H - 1", "2*W - 1", "k", "u", when="position == global"),
    pairs=tensor("H*W", "H*W", "k", "u", when="position == pairs"),
)
def lambda_layer(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Turn the context into a matrix and apply it to each query: (B, C, H, W) -> same."""
    H = x.shape[2]
    W = x.shape[3]
    q_map = pointwise(p.query, x)
    k_map = pointwise(p.key, x)
    v_map = pointwise(p.value, x)
    q_n = norm(p.query_norm, q_map) if o.norm else q_map
    v_n = norm(p.value_norm, v_map) if o.norm else v_map
    q = split_channels(q_n, o.heads)  # (B, heads, k, N)
    k = split_channels(k_map, o.u)  # (B, u, k, N)
    v = split_channels(v_n, o.u)  # (B, u, v, N)
    a = softmax(k, -1)  # over positions
    content = einsum("bukm,buvm->bkv", a, v)
    y = einsum("bhkn,bkv->bhvn", q, content)
    if o.position == "local":
        near = filtered(p.near, v, H, W)  # (B, k, v, N)
        y = y + einsum("bhkn,bkvn->bhvn", q, near)
    if o.position == "global":
        far = by_offsets(p.table, v, H, W)  # (B, N, k, v)
        y = y + einsum("bhkn,bnkv->bhvn", q, far)
    if o.position == "pairs":
        each = einsum("nmku,buvm->bnkv", p.pairs, v)
        y = y + einsum("bhkn,bnkv->bhvn", q, each)
    out = y.flatten(1, 2).unflatten(-1, (H, W))
    return out
