"""Weighted permute-MLP, Hou et al. 2021 (Vision Permutator), arXiv:2106.12368, section 3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor
from torch.nn.functional import gelu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.permute_steps import by_columns, by_rows, from_columns, from_rows
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import linear, mean_hw, perm, softmax


@mechanism(
    dims={"C": None, "S": None},
    derived={"q": "C // 4"},
    options={"bias": False, "weighted": True, "order": "hwc"},
    height=linear_slot("C", "C", bias="bias"),
    width=linear_slot("C", "C", bias="bias"),
    channel=linear_slot("C", "C", bias="bias"),
    weigh=linear_slot("C", "q", bias=True, when="weighted"),
    weights=linear_slot("q", "3*C", bias=True, when="weighted"),
    output=linear_slot("C", "C", bias=True),
)
def vip(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Mix along height, width and channels, each by one matrix: (B, C, H, W) -> same, H = W = S."""
    t = perm(x, 0, 2, 3, 1)  # (B, H, W, C)
    h_in = by_rows(t, o.S)  # (B, W, S, H·C/S)
    h_out = linear(p.height, h_in)
    h = from_rows(h_out, o.S)
    w_in = by_columns(t, o.S)  # (B, H, S, W·C/S)
    w_out = linear(p.width, w_in)
    w = from_columns(w_out, o.S)
    c = linear(p.channel, t)
    s = h + w
    u = s + c
    m = u
    if o.weighted:
        z = mean_hw(perm(u, 0, 3, 1, 2))
        a = linear(p.weigh, z)
        g = gelu(a)
        e = linear(p.weights, g)
        n = e.unflatten(-1, (-1, 3))  # (B, C, 3): each channel chooses among three
        k = softmax(n, -1)
        k_h = k[:, None, None, :, o.order.index("h")]
        k_w = k[:, None, None, :, o.order.index("w")]
        k_c = k[:, None, None, :, o.order.index("c")]
        m_h = h * k_h
        m_w = w * k_w
        m_c = c * k_c
        m_s = m_h + m_w
        m = m_s + m_c
    f = linear(p.output, m)
    y = perm(f, 0, 3, 1, 2)
    return y
