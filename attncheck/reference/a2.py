"""Double attention (A²-Nets), Chen et al. 2018, arXiv:1810.11579, equations 3 to 5."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from torch import Tensor

from attncheck.reference.mechanism import mechanism
from attncheck.reference.slots import linear as linear_slot
from attncheck.reference.steps import flat_hw, from_flat_hw, perm, pointwise, softmax


@mechanism(
    dims={"C": None},
    derived={"m": "C // 2", "n": "C // 4"},
    options={"bias": True, "out": True, "residual": False},
    extend=linear_slot("m", "C", bias="bias", when="out"),
    features=linear_slot("C", "m", bias="bias"),
    gather=linear_slot("C", "n", bias="bias"),
    distribute=linear_slot("C", "n", bias="bias"),
)
def a2(p: Any, o: SimpleNamespace, x: Tensor) -> Tensor:
    """Gather n descriptors of the map, hand each position its mixture: (B, C, H, W) -> same."""
    H = x.shape[2]
    W = x.shape[3]
    a_map = pointwise(p.features, x)
    b_map = pointwise(p.gather, x)
    v_map = pointwise(p.distribute, x)
    a = flat_hw(a_map)  # (B, m, N)
    b = flat_hw(b_map)  # (B, n, N)
    v = flat_hw(v_map)
    w = softmax(b, 2)  # over the positions
    w_t = perm(w, 0, 2, 1)
    g = a @ w_t  # eq. 3, (B, m, n)
    d = softmax(v, 1)  # over the descriptors
    z = g @ d  # eq. 4 and 5
    z_map = from_flat_hw(z, H, W)
    e = pointwise(p.extend, z_map) if o.out else z_map
    y = e + x if o.residual else e
    return y
