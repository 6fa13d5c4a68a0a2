"""Dual attention, Fu et al. 2019 (DANet), arXiv:1809.02983, equations 1 to 4 and figure 2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm, tensor
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, flat_hw, from_flat_hw, norm, perm, pointwise, softmax


@mechanism(
    dims={"C": None, "C2": None, "s": 1, "r": 8},
    derived={"I": "C // s", "K": "I // r"},
    options={
        "query_bias": True,
        "key_bias": True,
        "value_bias": True,
        "conv_bias": False,
        "inverted": False,
        "convs": False,
        "head": False,
        "head_bias": True,
    },
    position_in=conv_slot("C", "I", kernel=3, bias="conv_bias", when="convs"),
    position_in_norm=batch_norm("I", when="convs"),
    query=linear_slot("I", "K", bias="query_bias"),
    key=linear_slot("I", "K", bias="key_bias"),
    value=linear_slot("I", "I", bias="value_bias"),
    position_gamma=tensor("1", start=0.0),
    position_out=conv_slot("I", "I", kernel=3, bias="conv_bias", when="convs"),
    position_out_norm=batch_norm("I", when="convs"),
    channel_in=conv_slot("C", "I", kernel=3, bias="conv_bias", when="convs"),
    channel_in_norm=batch_norm("I", when="convs"),
    channel_gamma=tensor("1", start=0.0),
    channel_out=conv_slot("I", "I", kernel=3, bias="conv_bias", when="convs"),
    channel_out_norm=batch_norm("I", when="convs"),
    classify=linear_slot("I", "C2", bias="head_bias", when="head"),
)
def danet(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Sum what positions and what channels weigh of each other: (B, C, H, W) -> (B, C2, H, W)."""
    H = x.shape[2]
    W = x.shape[3]
    x_p = relu(norm(p.position_in_norm, conv(p.position_in, x))) if o.convs else x
    q_map = pointwise(p.query, x_p)
    k_map = pointwise(p.key, x_p)
    v_map = pointwise(p.value, x_p)
    q = flat_hw(q_map)  # (B, K, N)
    k = flat_hw(k_map)
    v = flat_hw(v_map)
    t = perm(q, 0, 2, 1)
    s = t @ k  # (B, N, N)
    a = softmax(s, -1)  # eq. 1
    b = perm(a, 0, 2, 1)
    m = v @ b
    n = from_flat_hw(m, H, W)
    w: Tensor = p.position_gamma * n
    y_p = w + x_p  # eq. 2
    z_p = relu(norm(p.position_out_norm, conv(p.position_out, y_p))) if o.convs else y_p
    x_c = relu(norm(p.channel_in_norm, conv(p.channel_in, x))) if o.convs else x
    f = flat_hw(x_c)
    f_t = perm(f, 0, 2, 1)
    e = f @ f_t  # (B, C, C)
    top = e.amax(-1, keepdim=True)
    s_c = top - e if o.inverted else e  # the authors' code: what differs most weighs most
    a_c = softmax(s_c, -1)  # eq. 3
    m_c = a_c @ f
    n_c = from_flat_hw(m_c, H, W)
    w_c: Tensor = p.channel_gamma * n_c
    y_c = w_c + x_c  # eq. 4
    z_c = relu(norm(p.channel_out_norm, conv(p.channel_out, y_c))) if o.convs else y_c
    z = z_p + z_c  # figure 2, sum fusion
    y = pointwise(p.classify, z) if o.head else z
    return y
