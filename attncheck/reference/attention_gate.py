"""Attention gate (Attention U-Net), Oktay et al. 2018, arXiv:1804.03999, equations 1 and 2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import norm, pointwise


@mechanism(
    dims={"C": None, "D": None, "F": None},
    options={"bias": True, "gate_bias": True, "psi_bias": True, "norms": "each"},
    w_g=linear_slot("D", "F", bias="gate_bias"),
    norm_g=batch_norm("F", when="norms == each"),
    w_x=linear_slot("C", "F", bias="bias"),
    norm_x=batch_norm("F", when="norms == each"),
    norm=batch_norm("F", when="norms == sum"),
    psi=linear_slot("F", "1", bias="psi_bias"),
    norm_psi=batch_norm("1", when="norms == each"),
)
def attention_gate(p: Any, o: SimpleNamespace, x: Tensor, g: Tensor) -> Tensor:
    """Gate a skip connection by a signal of its size: (B, C, H, W), (B, D, H, W) -> as x."""
    a_g = pointwise(p.w_g, g)
    a_x = pointwise(p.w_x, x)
    n_g = norm(p.norm_g, a_g) if o.norms == "each" else a_g
    n_x = norm(p.norm_x, a_x) if o.norms == "each" else a_x
    a = n_x + n_g  # eq. 1, additive attention
    b = norm(p.norm, a) if o.norms == "sum" else a
    q = relu(b)
    u = pointwise(p.psi, q)
    v = norm(p.norm_psi, u) if o.norms == "each" else u
    alpha = sigmoid(v)  # eq. 2
    y = x * alpha
    return y
