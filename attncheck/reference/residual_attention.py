"""Residual attention, Wang et al. 2017, arXiv:1704.06904, equation 3, with one step down and up."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.hourglass_steps import halved, resized
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, norm, pointwise


@mechanism(
    dims={"C": None},
    options={"trunk": True, "norm": True, "bias": False, "mask_bias": True, "corners": False},
    trunk_conv=conv_slot("C", "C", kernel=3, bias="bias", when="trunk"),
    trunk_norm=batch_norm("C", when="trunk"),
    mask_conv=conv_slot("C", "C", kernel=3, bias="bias"),
    mask_norm=batch_norm("C", when="norm"),
    mask_out=linear_slot("C", "C", bias="mask_bias"),
)
def residual_attention(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Multiply a trunk by one plus a soft mask: (B, C, H, W) -> same."""
    H = x.shape[2]
    W = x.shape[3]
    if o.trunk:
        t_1 = conv(p.trunk_conv, x)
        t_2 = norm(p.trunk_norm, t_1)
        t = relu(t_2)
    else:
        t = x  # the trunk is the host's
    d = halved(x)  # bottom-up: a wider field
    m_1 = conv(p.mask_conv, d)
    m_2 = norm(p.mask_norm, m_1) if o.norm else m_1
    m_3 = relu(m_2)
    m_4 = resized(m_3, H, W, o.corners)  # top-down: back to the trunk's size
    m_5 = pointwise(p.mask_out, m_4)
    m = sigmoid(m_5)
    a = m * t
    y = t + a  # eq. 3, (1 + m) t
    return y
