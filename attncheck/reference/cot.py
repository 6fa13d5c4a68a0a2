"""Contextual transformer, Li et al. 2021, arXiv:2107.12292, section 3.2 and the authors' code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu
from torch.nn.functional import silu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.neighbour_steps import neighbours
from attncheck.reference.slots import batch_norm, group_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, join, linear, mean_hw, norm, over_hw, pointwise, softmax


@mechanism(
    dims={"C": None, "k": 3, "g": 4, "a": 32},
    derived={"s": "C // 8"},
    key_embed=conv_slot("C", "C", kernel="k", groups="g"),
    key_norm=batch_norm("C"),
    embed0=linear_slot("2*C", "C // 2"),
    embed_norm=batch_norm("C // 2"),
    embed3=linear_slot("C // 2", "k*k*s", bias=True),
    embed_group_norm=group_norm("k*k*s", "s"),
    conv1x1=linear_slot("C", "C"),
    value_norm=batch_norm("C"),
    bn=batch_norm("C"),
    se0=linear_slot("C", "a", bias=True),
    se_norm=batch_norm("a"),
    se3=linear_slot("a", "2*C", bias=True),
)
def cot(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Mix static context and neighbours weighed by it: (B, C, H, W) -> same."""
    B = x.shape[0]
    C = x.shape[1]
    H = x.shape[2]
    W = x.shape[3]
    K = o.k * o.k
    k_1 = conv(p.key_embed, x)  # static context
    k_2 = norm(p.key_norm, k_1)
    k = relu(k_2)
    qk = join(x, k)
    e_1 = pointwise(p.embed0, qk)  # eq. 3
    e_2 = norm(p.embed_norm, e_1)
    e_3 = relu(e_2)
    e_4 = pointwise(p.embed3, e_3)
    e = norm(p.embed_group_norm, e_4)
    w = e.reshape(B, 1, o.s, K, H, W)  # eight channels share a kernel
    v_1 = pointwise(p.conv1x1, x)
    v_2 = norm(p.value_norm, v_1)
    n = neighbours(v_2, o.k)
    v = n.reshape(B, C // o.s, o.s, K, H, W)
    m = v * w
    d = m.sum(3)  # eq. 4, local matrix product
    t = d.flatten(1, 2)
    t_n = norm(p.bn, t)
    c = silu(t_n)  # dynamic context
    both = c + k
    z = mean_hw(both)
    s_1 = linear(p.se0, z)
    s_2 = norm(p.se_norm, over_hw(s_1))[:, :, 0, 0]
    s_3 = relu(s_2)
    s_4 = linear(p.se3, s_3)
    s = s_4.reshape(B, C, 2)
    r = softmax(s, 2)  # the two contexts share each channel
    g = r[:, :, :, None, None]
    y_c = c * g[:, :, 0]
    y_k = k * g[:, :, 1]
    y = y_c + y_k
    return y
