"""Attention gate (Attention U-Net), Oktay et al. 2018, arXiv:1804.03999, equations 1 and 2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, relu, sigmoid

from attncheck.reference.hourglass_steps import fitted_to
from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, norm, pointwise


@mechanism(
    dims={"C": None, "D": None, "F": None, "s": 2},
    options={
        "bias": True,
        "gate_bias": True,
        "psi_bias": True,
        "norms": "each",
        "grid": "own",
        "corners": False,
        "nearest": False,
        "block": False,
        "out_bias": True,
    },
    w_g=linear_slot("D", "F", bias="gate_bias"),
    norm_g=batch_norm("F", when="norms == each"),
    w_x=linear_slot("C", "F", bias="bias", when="grid == own"),
    blocks=conv_slot(
        "C", "F", kernel="s", stride="s", padding=0, bias="bias", when="grid == coarse"
    ),
    norm_x=batch_norm("F", when="norms == each"),
    norm=batch_norm("F", when="norms == sum"),
    psi=linear_slot("F", "1", bias="psi_bias"),
    norm_psi=batch_norm("1", when="norms == each"),
    out=linear_slot("C", "C", bias="out_bias", when="block"),
    out_norm=batch_norm("C", when="block"),
)
def attention_gate(p: Any, o: SimpleNamespace, x: Tensor, g: Tensor) -> Tensor:
    """Gate a skip connection by a signal: (B, C, H, W), (B, D, H, W) -> as x.

    On a ``coarse`` grid blocks of s by s are scored, and the gate is resampled. The signal is
    fitted to what is scored, by ``nearest`` values or between them. ``block`` is what the
    authors' code has behind the product.
    """
    a_g = pointwise(p.w_g, g)
    n_g = norm(p.norm_g, a_g) if o.norms == "each" else a_g
    a_x = pointwise(p.w_x, x) if o.grid == "own" else conv(p.blocks, x)
    n_x = norm(p.norm_x, a_x) if o.norms == "each" else a_x
    r_g = fitted_to(n_x, n_g, o.corners, o.nearest)
    a = n_x + r_g  # eq. 1, additive attention
    b = norm(p.norm, a) if o.norms == "sum" else a
    q = relu(b)
    u = pointwise(p.psi, q)
    v = norm(p.norm_psi, u) if o.norms == "each" else u
    alpha = sigmoid(v)  # eq. 2
    z = fitted_to(x, alpha, o.corners) if o.grid == "coarse" else alpha  # section 3.1
    y = x * z
    if o.block:
        w = pointwise(p.out, y)
        y = norm(p.out_norm, w)
    return y
