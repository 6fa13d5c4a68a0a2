"""ParNet's block with skip-squeeze-excitation, Goyal et al. 2021, arXiv:2110.07641, figure 2."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor, sigmoid
from torch.nn.functional import silu

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import batch_norm
from attncheck.reference.slots import conv as conv_slot
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import conv, linear, mean_hw, norm, over_hw, pointwise


@mechanism(
    dims={"C": None},
    options={"bias": False, "skip_norm": True},
    wide=conv_slot("C", "C", kernel=3, bias="bias"),
    norm_wide=batch_norm("C"),
    point=linear_slot("C", "C", bias="bias"),
    norm_point=batch_norm("C"),
    norm_skip=batch_norm("C", when="skip_norm"),
    excite=linear_slot("C", "C", bias=True),
)
def parnet(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Add two convolutions and the input gated by its means: (B, C, H, W) -> same."""
    a = conv(p.wide, x)
    b = norm(p.norm_wide, a)
    c = pointwise(p.point, x)
    d = norm(p.norm_point, c)
    e = norm(p.norm_skip, x) if o.skip_norm else x
    z = mean_hw(e)  # skip-squeeze-excitation: one layer, along the skip connection
    u = linear(p.excite, z)
    s = sigmoid(u)
    g = over_hw(s)
    m = e * g
    n = b + d
    t = n + m
    y = silu(t)
    return y
