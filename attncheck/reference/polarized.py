"""Polarized self-attention, Liu et al. 2021, arXiv:2107.00782, equations 1 to 4."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import layer_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import (
    flat_hw,
    from_flat_hw,
    linear,
    mean_hw,
    norm,
    over_hw,
    perm,
    pointwise,
    softmax,
)


@mechanism(
    dims={"C": None},
    derived={"I": "C // 2", "h": "I // 4"},
    options={
        "bias": True,
        "up_bias": True,
        "layout": "parallel",
        "up": "normed",
        "spatial_softmax": "query",
    },
    channel_value=linear_slot("C", "I", bias="bias"),
    channel_query=linear_slot("C", "1", bias="bias"),
    up=linear_slot("I", "C", bias="up_bias", when="up != bottleneck"),
    up_norm=layer_norm("C", when="up == normed"),
    up_reduce=linear_slot("I", "h", bias="up_bias", when="up == bottleneck"),
    up_hidden_norm=layer_norm("h", when="up == bottleneck"),
    up_expand=linear_slot("h", "C", bias="up_bias", when="up == bottleneck"),
    spatial_value=linear_slot("C", "I", bias="bias"),
    spatial_query=linear_slot("C", "I", bias="bias"),
)
def polarized(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gate channels by one query over positions, positions by one over channels: map -> same."""
    H = x.shape[2]
    W = x.shape[3]
    v_map = pointwise(p.channel_value, x)
    q_map = pointwise(p.channel_query, x)
    v = flat_hw(v_map)  # (B, I, N)
    q_row = flat_hw(q_map)  # (B, 1, N)
    q_soft = softmax(q_row, -1)
    q = perm(q_soft, 0, 2, 1)
    z_col = v @ q  # (B, I, 1)
    z = z_col[:, :, 0]
    if o.up == "bottleneck":
        b = linear(p.up_reduce, z)
        n = norm(p.up_hidden_norm, b)
        h = relu(n)
        u = linear(p.up_expand, h)
    else:
        e = linear(p.up, z)
        u = norm(p.up_norm, e) if o.up == "normed" else e
    s_c = sigmoid(u)  # eq. 1, channels
    g_c = over_hw(s_c)
    y_c = x * g_c
    x_s = y_c if o.layout == "sequential" else x
    k_map = pointwise(p.spatial_value, x_s)
    t_map = pointwise(p.spatial_query, x_s)
    t_mean = mean_hw(t_map)  # (B, I)
    t_soft = softmax(t_mean, -1) if o.spatial_softmax == "query" else t_mean
    t = t_soft[:, None]
    k_flat = flat_hw(k_map)
    k = softmax(k_flat, -1) if o.spatial_softmax == "value" else k_flat
    m_raw = t @ k  # (B, 1, N)
    m = softmax(m_raw, -1) if o.spatial_softmax == "product" else m_raw
    m_map = from_flat_hw(m, H, W)
    g_s = sigmoid(m_map)  # eq. 2, positions
    y_s = x_s * g_s
    y = y_s if o.layout == "sequential" else y_c + y_s  # eq. 4, eq. 3
    return y
